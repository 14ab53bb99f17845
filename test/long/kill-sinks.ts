import { existsSync } from 'node:fs';
import { killSinkRounds } from '../program/kill-sinks.ts';
import { QuestDbServer } from '../sinks/questdb/server.ts';

/** SIGKILL of Headcount and of QuestDB at random for some minutes: what is in QuestDB equals the journal, row by row. */
const jar = process.argv[3] ?? 'node_modules/.cache/headcount/questdb-9.3.4.jar';
if (!existsSync(jar)) throw new Error(`${jar} is missing: run the tests once, which fetch it`);
const server = await QuestDbServer.start(jar);
try {
  const problems = await killSinkRounds(
    Number(process.argv[2] ?? 40),
    server,
    () => 50 + Math.random() * 2_500,
    Math.random,
  );
  for (const problem of problems) console.log(problem);
  console.log(problems.length === 0 ? 'every event and session once, equal to the journal' : 'FAILED');
  process.exitCode = problems.length === 0 ? 0 : 1;
} finally {
  await server.dispose();
}
