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

describe('what is said of a simulated site', () => {
  it.each(scenarios)('is true: %s', async (_what, scenario) => {
    expect(await missed(scenario)).toEqual([]);
  });
});
