import { parseArgs } from 'node:util';
import { canFail, failingDiskRounds } from '../program/failing-disk.ts';

/**
 * A disk whose writes and syncs fail at random below the program (libfiu), under load and with restarts: nothing answered 202 is lost, nothing doubled,
 * every refusal said, counts equal a twin's.
 *
 *   npm run failing-disk -- --minutes 10
 */
const { values } = parseArgs({ options: { minutes: { type: 'string', default: '10' } } });
if (!canFail()) process.exit(1);
const end = performance.now() + Number(values.minutes) * 60_000;
const { problems, ...seen } = await failingDiskRounds({
  goesOn: () => performance.now() < end,
  faults: 6,
  random: Math.random,
  faultMs: () => 100 + Math.random() * 1_200,
  say: (text) => console.log(text),
});
console.log(seen);
for (const problem of problems) console.log(problem);
console.log(problems.length === 0 ? 'nothing lost, nothing doubled, counts equal the twin' : 'FAILED');
process.exitCode = problems.length === 0 ? 0 : 1;
