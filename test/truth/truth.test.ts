import { describe, expect, it } from 'vitest';
import { liveThrough, QUIET_DAY } from './compressed-day.ts';
import { createScenarios } from './scenarios.ts';

/** Small and short; `npm run truth` has the whole day of a large site. */
const CROWD = { seed: 1, hours: 1.5, users: 300, rate: 0.6 };

const scenarios = createScenarios(CROWD).map((scenario) => [scenario.what, scenario] as const);

type Scenario = (typeof scenarios)[number][1];

async function missed({ settings, checks }: Scenario): Promise<unknown> {
  const figures = await liveThrough({ ...QUIET_DAY, ...settings });
  const rows = checks.map((check) => check(figures)).filter(({ isMet }) => !isMet);
  return rows.length === 0 ? [] : { rows, examples: figures.examples };
}

/** Long enough for Starts and Stops to be trusted. */
const LONG = { ...CROWD, hours: 3 };
const isOfLoss = (name: string) => name === 'loss' || name === 'loss-bursts' || name === 'loss-one-host';
const losses = [1, 2, 3].flatMap((seed) =>
  createScenarios({ ...LONG, seed })
    .filter(({ name }) => isOfLoss(name))
    .map((scenario) => [seed, scenario.what, scenario] as const),
);

describe('what is said of a simulated site', () => {
  it.each(losses)('of the seed %i is true and says much: %s', async (_seed, _what, scenario) => {
    expect(await missed(scenario)).toEqual([]);
  });

  it.each(scenarios)('is true: %s', async (_what, scenario) => {
    expect(await missed(scenario)).toEqual([]);
  });
});
