import { fuzzApi } from '../program/http-fuzz.ts';
import { Program, ProgramFolder } from '../program/program.ts';

/** 100,000 random requests to the API of the program: none is answered with 5xx, and it lives. */
const REQUESTS = Number(process.argv[2] ?? 100_000);
const BATCH = 1_000;

const folder = new ProgramFolder();
const program = await Program.start(folder);
const seed = Date.now();
const problems: string[] = [];
const statuses = new Map<number, number>();
try {
  const port = Number(new URL(program.api).port);
  for (let done = 0; done < REQUESTS && problems.length < 10; done += BATCH) {
    problems.push(...(await fuzzApi(port, Math.min(BATCH, REQUESTS - done), seed + done, statuses)));
    if (done % (10 * BATCH) === 0) console.log(`${done + BATCH} requests`);
  }
  const code = await program.stop();
  if (code !== 0) problems.push(`exit code ${code}`);
} finally {
  await program.end('SIGKILL');
  folder.dispose();
}
console.log('answers by status (0: closed without one):', Object.fromEntries(statuses));
const failed = program.log.filter(({ level }) => level === 'error' || level === 'fatal');
for (const problem of [...problems, ...failed.map((line) => JSON.stringify(line))]) console.log(problem);
const isGood = problems.length + failed.length === 0;
console.log(isGood ? 'no request was answered with a fault of the server' : `FAILED; seed ${seed}`);
process.exitCode = isGood ? 0 : 1;
