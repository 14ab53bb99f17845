import { expect, it } from 'vitest';
import { ClientClocks } from '../../../receivers/exceptionless/client-clock.ts';

const T = Date.UTC(2026, 0, 5, 10);
const HOURS = 3_600_000;

it('a clock that is ahead is known at once: nothing is newer than its post', () => {
  expect(new ClientClocks().offsetMs('anna', T, -HOURS)).toBe(-HOURS);
});

it('a clock that is behind is known once two posts a minute apart agree', () => {
  const clocks = new ClientClocks();
  expect(clocks.offsetMs('anna', T, 2 * HOURS)).toBe(0);
  expect(clocks.offsetMs('anna', T + 30_000, 2 * HOURS + 3_000)).toBe(0);
  expect(clocks.offsetMs('anna', T + 60_000, 2 * HOURS + 9_000)).toBe(2 * HOURS);
});

it('what was held back on its way says nothing of a clock', () => {
  const clocks = new ClientClocks();
  for (const [place, lag] of [900_000, 600_000, 300_000, 200].entries()) {
    expect(clocks.offsetMs('anna', T + place * 60_000, lag)).toBe(0);
  }
});

it('what is less than a minute is left alone, and so is another client', () => {
  const clocks = new ClientClocks();
  expect(clocks.offsetMs('anna', T, -60_000)).toBe(0);
  expect(clocks.offsetMs('anna', T, -60_001)).toBe(-60_001);
  expect(clocks.offsetMs('bob', T, 0)).toBe(0);
});

it('of very many clients those that were heard last are known', () => {
  const clocks = new ClientClocks();
  clocks.offsetMs('first', T, -HOURS);
  for (let n = 0; n < 10_000; n += 1) clocks.offsetMs(`client-${n}`, T, 0);
  expect(clocks.offsetMs('first', T, 0)).toBe(0);
});
