import { parseArgs } from 'node:util';
import { liveThrough, QUIET_DAY } from '../truth/compressed-day.ts';
import { SCENARIOS } from '../truth/scenarios.ts';

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
    hours: { type: 'string' },
    seed: { type: 'string', default: String(QUIET_DAY.seed) },
  },
});
const unknown = positionals.filter((name) => !SCENARIOS.some((scenario) => scenario.name === name));
if (unknown.length > 0) {
  console.error(
    `no such scenario: ${unknown.join(', ')}. There are ${SCENARIOS.map(({ name }) => name).join(', ')}`,
  );
  process.exit(64);
}

let isMet = true;
console.log('| scenario | what | to reach | reached |\n|---|---|---|---|');
for (const { name, what, settings, checks } of SCENARIOS) {
  if (positionals.length > 0 && !positionals.includes(name)) continue;
  const began = process.cpuUsage();
  const { hours = QUIET_DAY.hours } = settings;
  const length = values.hours === undefined ? hours : Number(values.hours);
  const figures = await liveThrough({ ...QUIET_DAY, ...settings, seed: Number(values.seed), hours: length });
  for (const check of checks) {
    const row = check(figures);
    isMet &&= row.isMet;
    const reached = row.isMet ? row.reached : `${row.reached} **missed**`;
    console.log(`| ${name}: ${what} | ${row.what} | ${row.toReach} | ${reached} |`);
  }
  const { user, system } = process.cpuUsage(began);
  console.error(
    `${name}: ${((user + system) / 1e6).toFixed(1)} s of CPU, worst difference ${figures.worst} sessions`,
  );
  for (const example of figures.examples) console.error(`  ${example}`);
}
process.exitCode = isMet ? 0 : 1;
