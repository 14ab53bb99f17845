import { killRounds } from '../program/kill-rounds.ts';

/** SIGKILL at 50 random points under load: nothing answered 202 is lost or doubled, counts equal a twin's. */
const problems = await killRounds(Number(process.argv[2] ?? 50), () => 50 + Math.random() * 1_500);
for (const problem of problems) console.log(problem);
console.log(problems.length === 0 ? 'nothing lost, nothing doubled, counts equal the twin' : 'FAILED');
process.exitCode = problems.length === 0 ? 0 : 1;
