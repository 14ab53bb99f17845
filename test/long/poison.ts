import { existsSync } from 'node:fs';
import { QuestDbServer } from '../sinks/questdb/server.ts';
import { poisonRows } from './poison-rows.ts';

/** 1,000 rows that cannot be taken among 1,000,000: the others are in, these are set aside, and in after the repair. */
const jar = process.argv[2] ?? 'node_modules/.cache/headcount/questdb-9.3.4.jar';
if (!existsSync(jar)) throw new Error(`${jar} is missing: run the tests once, which fetch it`);
const server = await QuestDbServer.start(jar);
try {
  const problems = await poisonRows(server, 1_000_000, 1_000);
  for (const problem of problems) console.log(problem);
  console.log(problems.length === 0 ? '999,000 in, 1,000 set aside, all in after the repair' : 'FAILED');
  process.exitCode = problems.length === 0 ? 0 : 1;
} finally {
  await server.dispose();
}
