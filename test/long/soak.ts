import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { ApiReaders } from './soak/api-readers.ts';
import { MemoryFloor } from './soak/memory-floor.ts';
import { Simulators } from './soak/simulators.ts';
import { type SoakSample, takeSample } from './soak/soak-sample.ts';
import { soakVerdict } from './soak/soak-verdict.ts';
import { SoakedProgram } from './soak/soaked-program.ts';

/**
 * The program with everything on for an hour (`--minutes`) at 2,000 events/s (`--rate`): UDP, TCP and HTTP come in, a sink
 * is fed, people ask. Memory has to be flat, sums have to add up, nothing may leak. Needs Linux (/proc).
 */
const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '60' },
    rate: { type: 'string', default: '2000' },
    streams: { type: 'string', default: '20' },
  },
});
const seconds = 60 * Number(values.minutes);
const rate = Number(values.rate);
/** Identities are remembered, a million at most: memory is looked at when there are as many. */
const REMEMBERED = 1_000_000;
const FILL_RATE = 12_000;
const FILLED_FROM_SECONDS = 10 * 60;

const program = new SoakedProgram();
const simulators = new Simulators();
process.on('exit', () => {
  simulators.dispose();
  program.dispose();
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130));

const { api, udpPort, tcpPort } = await program.addresses();
// Only the newest pages, so that the readers do not become the load.
const readers = new ApiReaders(api, { pauseMs: 1_000, mostPages: 5 });
const httpPort = Number(new URL(api).port);
const filesBefore = program.openFiles;
const floor = new MemoryFloor(program);
let sent = 0;
if (seconds >= FILLED_FROM_SECONDS) {
  console.log(`${REMEMBERED} events first, so that the memory for identities is full`);
  const fill = { transport: 'tcp', port: tcpPort, layout: 'headcount', rate: FILL_RATE, count: REMEMBERED };
  sent += await simulators.run({ ...fill, seed: 4 });
}

const sending = Promise.all([
  simulators.run({ transport: 'udp', port: udpPort, rate: rate / 2, duration: `${seconds}s`, seed: 1 }),
  simulators.run({
    ...{ transport: 'tcp', port: tcpPort, layout: 'headcount', rate: rate / 4 },
    ...{ duration: `${seconds}s`, seed: 2 },
  }),
  simulators.run({ transport: 'http', port: httpPort, rate: rate / 4, duration: `${seconds}s`, seed: 3 }),
]);
await readers.start(Number(values.streams));
const samples = await sampleUntil(sending);
for (const each of await sending) sent += each;
await readers.stop();
floor.stop();
const last = await settled();
const filesAfter = program.openFiles;
const exitCode = await program.stop();
const { rows, logged } = program;
const verdicts = soakVerdict({
  ...{ samples, sent, last, filesBefore, filesAfter, rows, logged, exitCode },
  readerProblems: readers.problems,
});
console.log(
  `\n${readers.answers} answers, ${(readers.bytes / 1e6).toFixed(0)} MB read\n${verdicts.join('\n')}`,
);
process.exit(verdicts.some((line) => line.startsWith('FAILED')) ? 1 : 0);

/** Each minute, in short runs more often. */
async function sampleUntil(end: Promise<unknown>): Promise<SoakSample[]> {
  const everyMs = Math.min(60_000, (seconds * 1_000) / 12);
  const startedAt = performance.now();
  const found: SoakSample[] = [];
  let isOver = false;
  void end.finally(() => {
    isOver = true;
  });
  console.log(
    '\n| s | RSS MiB | heap MiB | files | received | refused | dropped | in flight | rows pending | sessions | streams |',
  );
  console.log('|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|');
  for (let n = 1; !isOver; n += 1) {
    await Promise.race([sleep(startedAt + n * everyMs - performance.now()), end]);
    if (!isOver) found.push(await note((performance.now() - startedAt) / 1_000));
  }
  return found;
}

async function note(at: number): Promise<SoakSample> {
  const sample = await takeSample(program, at, await floor.take());
  const { rss, heap, openFiles, received, refused, dropped, inFlight, pending, sessions } = sample;
  const memory = [at, rss, heap].map((value) => value.toFixed(0));
  const counts = [openFiles, received, refused, dropped, inFlight, pending, sessions, readers.streams];
  console.log(`| ${[...memory, ...counts].join(' | ')} |`);
  for (const problem of sample.problems) console.log(problem);
  return sample;
}

/** Everything that was sent is on the disk and delivered, or it never will be. */
async function settled(): Promise<SoakSample> {
  const giveUpAt = performance.now() + 30_000;
  for (;;) {
    const sample = await takeSample(program, 0, await floor.take());
    if (sample.inFlight + sample.pending === 0 || performance.now() > giveUpAt) return sample;
    await sleep(200);
  }
}
