import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Headcount, startHeadcount } from '../../bench/headcount.ts';
import { type Measured, measureLoad } from '../../bench/measure.ts';
import { largestReceiveBuffer } from '../../bench/process-usage.ts';
import { Processes } from '../../bench/processes.ts';
import { ApiReaders } from './soak/api-readers.ts';

/**
 * UDP at 20,000/s beside heavy reading: all pages of 1,000 sessions and events, as JSON and as CSV, questions about a past
 * moment, 20 streams. Rounds without readers and with them take turns; the kernel may drop nothing in either. The receive
 * buffer needs `net.core.rmem_max` of 4 MiB. Needs Linux (/proc).
 *
 *   npm run heavy-reads -- --rounds 3 --seconds 30 --sessions 100000
 */

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '30' },
    sessions: { type: 'string', default: '100000' },
    rate: { type: 'string', default: '20000' },
    streams: { type: 'string', default: '20' },
  },
});
const [rounds, seconds, sessions, rate, streams] = [
  ...[Number(values.rounds), Number(values.seconds), Number(values.sessions)],
  ...[Number(values.rate), Number(values.streams)],
] as const;
/** Users who take turns, as in the benches. */
const USERS = 2_000;

const processes = new Processes();
process.on('exit', () => processes.removeAll());
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130));
const program = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const bench = { quick: false, processes, program, nodeArgs: [], say: (text: string) => console.log(text) };

const headcount = await startHeadcount(bench, processes.createFolder());
const starts = { type: 'starts', from: 10 * USERS } as const;
await measureLoad(bench, headcount, { stream: starts, count: sessions, rate: rate / 2 });
console.log(`${await headcount.activeSessions()} sessions open, rmem_max ${largestReceiveBuffer()}\n`);
console.log(
  '| round | readers | sent | dropped by the kernel | lag ms | CPU us/event | answers | MB read | failed |',
);
console.log('|--:|---|--:|--:|--:|--:|--:|--:|--:|');
let [from, isGood] = [0, true];
for (let round = 1; round <= rounds; round += 1) {
  for (const isRead of round % 2 === 0 ? [true, false] : [false, true]) {
    const readers = new ApiReaders(headcount.api, { pauseMs: 0, mostPages: Number.POSITIVE_INFINITY });
    if (isRead) await readers.start(streams);
    const measured = await load(headcount);
    const open = readers.streams;
    await readers.stop();
    print(round, isRead ? open : null, measured, readers);
    isGood &&= measured.lost === 0 && readers.problems.length === 0;
  }
}
await headcount.stop();
console.log(isGood ? '\nnothing lost' : '\nFAILED');
process.exit(isGood ? 0 : 1);

async function load(target: Headcount): Promise<Measured> {
  const count = rate * seconds;
  const measured = await measureLoad(bench, target, {
    ...{ stream: { type: 'life', users: USERS, from } as const },
    ...{ count, rate },
  });
  from += count;
  return measured;
}

/** `open`: streams, null without readers. */
function print(round: number, open: number | null, measured: Measured, readers: ApiReaders): void {
  const { load: sent, lost, explained, lagMs, cpuMicros } = measured;
  const cells = [
    ...[round, open !== null ? `all, ${open} streams` : 'none', sent.sent],
    ...[explained ? lost : `${lost}, not all counted`, lagMs.toFixed(0), cpuMicros.toFixed(1)],
    ...[readers.answers, (readers.bytes / 1e6).toFixed(0), readers.problems[0] ?? 0],
  ];
  console.log(`| ${cells.join(' | ')} |`);
}
