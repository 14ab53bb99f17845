import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { amountLabel, axisTop, timeLabels, WHOLE_STEPS } from '../../../src/page/graphs/data/axis.ts';
import { summaryOf } from '../../../src/page/graphs/data/summary.ts';
import { zone } from '../../../src/page/words/time.ts';

const at = (time: string): number => Date.parse(`2026-11-19T${time}Z`);

beforeEach(() => {
  zone.value = 'UTC';
});
afterEach(() => {
  zone.value = 'local';
});

describe('the words for whoever cannot see a line', () => {
  const times = [at('10:00:00'), at('10:00:05'), at('10:00:10'), at('10:00:15')];

  it('say what was the most, the least and the latest, and when', () => {
    expect(summaryOf('Created', times, [3, 1_200, 0, 2])).toBe(
      'Created: highest 1,200 at 19 Nov, 10:00:05, lowest 0 at 19 Nov, 10:00:10, latest 2 at 19 Nov, 10:00:15.',
    );
  });

  it('do not take a gap for nothing', () => {
    expect(summaryOf('Active', times, [null, 5, 4, null])).toBe(
      'Active: highest 5 at 19 Nov, 10:00:05, lowest 4 at 19 Nov, 10:00:10, latest 4 at 19 Nov, 10:00:10; ' +
        'unknown at 2 of 4 points.',
    );
    expect(summaryOf('Active', times, [null, null, null, null])).toBe('Active: nothing is known.');
    expect(summaryOf('Active', [], [])).toBe('Active: nothing is known.');
  });
});

describe('the axis of time', () => {
  it('names the day where one begins', () => {
    const times = [at('23:58:00'), at('23:59:00'), at('24:00:00')];
    expect(timeLabels(times, 60_000)).toEqual(['23:58\nThu 19 Nov', '23:59', '00:00\nFri 20 Nov']);
  });

  it('has seconds where they differ, and only days where those do', () => {
    expect(timeLabels([at('10:00:00'), at('10:00:05')], 5_000)).toEqual(['10:00:00\nThu 19 Nov', '10:00:05']);
    expect(timeLabels([at('00:00:00')], 86_400_000)).toEqual(['Thu 19 Nov']);
  });
});

describe('the axis of numbers', () => {
  it('ends above the most at a round number, and never at nothing', () => {
    expect([0, 1, 4, 7, 100, 349, 999_999].map(axisTop)).toEqual([5, 5, 5, 8, 150, 400, 1_500_000]);
  });

  it('has whole steps alone', () => {
    expect(WHOLE_STEPS.slice(0, 5)).toEqual([1, 2, 5, 10, 20]);
    expect(WHOLE_STEPS.every(Number.isInteger)).toBe(true);
  });

  it('has labels that fit beside it', () => {
    expect([0, 1_500, 99_999, 1_500_000].map(amountLabel)).toEqual(['0', '1,500', '99,999', '1.5M']);
  });
});
