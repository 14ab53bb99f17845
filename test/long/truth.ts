import { parseArgs } from 'node:util';
import { liveThrough, QUIET_DAY } from '../truth/compressed-day.ts';
import { createScenarios } from '../truth/scenarios.ts';

/**
 * Eight hours of a site with 2,000 users, three hosts and two virtual proxies each, compressed: how right is what Headcount says?
 *
 *   npm run truth                          every scenario
 *   npm run truth -- loss away             only these
 *   npm run truth -- --hours 1 --seed 2
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    hours: { type: 'string', default: String(QUIET_DAY.hours) },
    seed: { type: 'string', default: String(QUIET_DAY.seed) },
  },
});
const scenarios = createScenarios({
  ...QUIET_DAY,
  hours: Number(values.hours),
  seed: Number(values.seed),
});
const unknown = positionals.filter((name) => !scenarios.some((scenario) => scenario.name === name));
if (unknown.length > 0) {
  console.error(
    `no such scenario: ${unknown.join(', ')}. There are ${scenarios.map(({ name }) => name).join(', ')}`,
  );
  process.exit(64);
}

let isMet = true;
console.log('| scenario | what | to reach | reached |\n|---|---|---|---|');
for (const { name, what, settings, checks } of scenarios) {
  if (positionals.length > 0 && !positionals.includes(name)) continue;
  const began = process.cpuUsage();
  const figures = await liveThrough({ ...QUIET_DAY, ...settings });
  for (const check of checks) {
    const row = check(figures);
    isMet &&= row.isMet;
    const reached = row.isMet ? row.reached : `${row.reached} **missed**`;
    console.log(`| ${name}: ${what} | ${row.what} | ${row.toReach} | ${reached} |`);
  }
  const { user, system } = process.cpuUsage(began);
  const seconds = ((user + system) / 1e6).toFixed(1);
  console.error(`${name}: ${seconds} s of CPU, at most ${figures.worst} sessions from the truth`);
  for (const example of figures.examples) console.error(`  ${example}`);
}
process.exitCode = isMet ? 0 : 1;
