import { expect, test } from 'vitest';
import { Site } from '../../src/sessions/site.ts';
import { SETTINGS } from './model/event-arbitrary.ts';

const START = Date.UTC(2026, 0, 5, 8);

test('a second in which the program did not run from beginning to end has no level', () => {
  const site = new Site(SETTINGS);
  site.started(START + 400);
  for (const now of [START + 400, START + 1_005, START + 2_005, START + 3_005]) site.tick(now);
  const levels = site.series.takePending().map(({ at, level }) => [at * 1_000 - START, level?.active]);
  expect(levels).toEqual([
    [1_000, 0],
    [2_000, 0],
  ]);
});
