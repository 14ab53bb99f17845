import { describe, expect, it } from 'vitest';
import {
  newestAt,
  STEPS,
  spanOf,
  tailOf,
  untilRefreshMs,
  WINDOW_STEPS,
  wholeOf,
} from '../../../src/page/graphs/data/spans.ts';
import { WINDOWS } from '../../../src/sessions/series.ts';

const NOW = Date.parse('2026-11-19T10:14:05.300Z');
const HOUR_MS = 3_600_000;

describe('the points of a window', () => {
  it('are those that the API has for it', () => {
    const ofApi = Object.entries(WINDOWS).map(([name, { stepSeconds, points }]) => [
      name,
      { stepMs: stepSeconds * 1000, points },
    ]);
    expect(WINDOW_STEPS).toEqual(Object.fromEntries(ofApi));
  });

  it('are as fine as the window has them while those are kept', () => {
    expect(spanOf('60s', NOW, NOW)).toMatchObject({ step: '1s', points: 60 });
    expect(spanOf('1h', NOW - 4 * HOUR_MS, NOW)).toMatchObject({ step: '5s', points: 720 });
    expect(spanOf('1w', NOW - 1_000 * HOUR_MS, NOW)).toMatchObject({ step: '1h', points: 168 });
  });

  it('are longer where the fine ones are deleted', () => {
    expect(spanOf('60s', NOW - 3 * HOUR_MS, NOW)).toMatchObject({ step: '5s', points: 12 });
    expect(spanOf('1h', NOW - 6 * HOUR_MS, NOW)).toMatchObject({ step: '1m', points: 60 });
    expect(spanOf('1d', NOW - 200 * HOUR_MS, NOW)).toMatchObject({ step: '1h', points: 24 });
    expect(spanOf('60s', NOW - 200 * HOUR_MS, NOW)).toMatchObject({ step: '1h', points: 2 });
  });

  it('end with the step in which the moment lies, or that ends with it', () => {
    const span = spanOf('1h', NOW, NOW);
    expect(wholeOf(span, NOW)).toEqual({
      step: '5s',
      from: '2026-11-19T09:14:10.000Z',
      to: '2026-11-19T10:14:05.300Z',
    });
    const full = Date.parse('2026-11-19T10:14:05.000Z');
    expect(wholeOf(span, full).from).toBe('2026-11-19T09:14:05.000Z');
  });
});

describe('what is asked for again', () => {
  it('are the newest points, with some before them that a late line may have changed', () => {
    const newest = Date.parse('2026-11-19T10:14:02.000Z');
    expect(tailOf(spanOf('60s', NOW, NOW), newest, NOW)).toEqual({
      step: '1s',
      from: '2026-11-19T10:13:52.000Z',
      to: '2026-11-19T10:14:04.001Z',
    });
  });

  it('is never before what is there, where the clock here lags behind', () => {
    const newest = Date.parse('2026-11-19T10:14:20.000Z');
    expect(tailOf(spanOf('60s', NOW, NOW), newest, NOW)?.to).toBe('2026-11-19T10:14:20.001Z');
  });

  it('is everything, once nothing of what is there would stay', () => {
    expect(tailOf(spanOf('60s', NOW, NOW), NOW - 70_000, NOW)).toBeNull();
    expect(tailOf(spanOf('1h', NOW, NOW), NOW - 70_000, NOW)).not.toBeNull();
  });

  it('is a small part of a long window', () => {
    const asked = tailOf(spanOf('1w', NOW, NOW), Date.parse('2026-11-19T10:00:00.000Z'), NOW);
    expect(asked).toEqual({ step: '1h', from: '2026-11-19T09:00:00.000Z', to: '2026-11-19T10:00:00.001Z' });
  });

  it('comes when a step is over, and of an hour that goes on each minute', () => {
    expect(untilRefreshMs(spanOf('60s', NOW, NOW), NOW)).toBe(850);
    expect(untilRefreshMs(spanOf('1h', NOW, NOW), NOW)).toBe(4_850);
    expect(untilRefreshMs(spanOf('1d', NOW, NOW), NOW)).toBe(54_850);
    expect(untilRefreshMs(spanOf('1w', NOW, NOW), NOW)).toBe(54_850);
  });
});

describe('the newest point', () => {
  it.each([
    ['1s', '10:14:04'],
    ['5s', '10:14:00'],
    ['1m', '10:13:00'],
    ['1h', '10:00:00'],
  ])('of %s begins at %s when it is 10:14:05', (step, time) => {
    const { stepMs } = STEPS.find((each) => each.step === step) ?? STEPS[0];
    expect(new Date(newestAt(stepMs, NOW)).toISOString()).toBe(`2026-11-19T${time}.000Z`);
  });
});
