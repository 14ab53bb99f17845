import { killSites } from '../nats/kill-sites.ts';

/** SIGKILL of servers of NATS, edges and a central Headcount at random: every event is there once, and in order. */
const kills = Number(process.argv[2] ?? 30);
const rate = Number(process.argv[3] ?? 1_000);
const PAUSE_MS = 4_000;
const problems = await killSites({
  ...{ seconds: (kills * PAUSE_MS) / 1_000, rate },
  pauseMs: () => PAUSE_MS * (0.25 + Math.random()),
  random: Math.random,
  say: (text) => console.log(text),
});
for (const problem of problems) console.log(problem);
console.log(problems.length === 0 ? 'every event once, and in order' : 'FAILED');
process.exitCode = problems.length === 0 ? 0 : 1;
