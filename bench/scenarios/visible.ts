import { Buffer } from 'node:buffer';
import { createSocket } from 'node:dgram';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Headcount, startHeadcount } from '../headcount.ts';
import { LINE_BYTES, writeLine } from '../lines.ts';
import { measureLoad } from '../measure.ts';
import type { Scenario } from '../scenario.ts';
import { percentile } from '../statistics.ts';

const BACKGROUND_RATE = 1_000;
/** The background opens and closes connections of their sessions: it creates none. */
const BACKGROUND_USERS = 500;
const FIRST_MARK_USER = 1_000_000;
/** Pause between marks: about so long, never in step with a timer of the program. */
const PAUSE_MS = 40;
const TARGET_MS = 100;
const STREAM_TARGET_MS = 250;
const GIVE_UP_MS = 5_000;
/** How long a stream may take on average, for the length of the background. */
const STREAM_MS = 100;

export const visible: Scenario = {
  name: 'visible',
  method:
    'from sending the Start of a new user until /api/v1/counts, asked again and again, has one more in ' +
    'created.total, with 1,000 other events/s; then until a client of /api/v1/stream has its event',
  async run(bench) {
    const folder = bench.processes.createFolder();
    const headcount = await startHeadcount(bench, folder);
    const starts = { stream: { type: 'starts', from: 0 }, count: BACKGROUND_USERS, rate: 1_000 } as const;
    await measureLoad(bench, headcount, starts);
    const marks = bench.quick ? 20 : 200;
    const connections = { type: 'connections', users: BACKGROUND_USERS, from: 0 } as const;
    // Long enough at 50 ms to see one mark, and never much longer than the marks.
    const count = Math.ceil((marks * (2 * PAUSE_MS + 50 + STREAM_MS) * BACKGROUND_RATE) / 1_000);
    const load = measureLoad(bench, headcount, { stream: connections, count, rate: BACKGROUND_RATE });
    await sleep(1_000);
    const { delays, polls } = await mark(headcount, marks, headcount);
    const told = await markStream(headcount, marks).finally(() => load);
    await headcount.stop();
    bench.processes.removeFolder(folder);
    const text = (values: number[], part: number) => `${percentile(values, part).toFixed(1)} ms`;
    const most = percentile(delays, 1);
    return [
      {
        what: `arrival to visible, p99 of ${marks} (p50, most)`,
        target: `< ${TARGET_MS} ms`,
        measured: `${text(delays, 0.99)} (${text(delays, 0.5)}, ${most.toFixed(1)} ms)`,
        yardstick: `one request alone: p50 ${text(polls, 0.5)}, p99 ${text(polls, 0.99)}`,
        met: percentile(delays, 0.99) < TARGET_MS,
      },
      {
        what: `arrival to told by a stream, p99 of ${marks} (p50, most)`,
        target: `< ${STREAM_TARGET_MS} ms`,
        measured: `${text(told, 0.99)} (${text(told, 0.5)}, ${percentile(told, 1).toFixed(1)} ms)`,
        yardstick: 'it looks ten times a second',
        met: percentile(told, 0.99) < STREAM_TARGET_MS,
      },
    ];
  },
};

/** Milliseconds from each mark sent to seen, there or by `last`, which gets them from there; and of each single request. `first`: number of the first mark's user. */
export async function mark(
  headcount: Pick<Headcount, 'port'>,
  marks: number,
  last: Pick<Headcount, 'createdSessions'>,
  { first = FIRST_MARK_USER, giveUpMs = GIVE_UP_MS } = {},
): Promise<{ delays: number[]; polls: number[] }> {
  const socket = createSocket('udp4');
  const datagram = Buffer.alloc(LINE_BYTES);
  const delays: number[] = [];
  const polls: number[] = [];
  let created = await last.createdSessions();
  for (let n = 0; n < marks; n += 1) {
    await sleep(PAUSE_MS * (0.5 + Math.random()));
    writeLine(datagram, 'start', first + n, first + n);
    const sentAt = performance.now();
    socket.send(datagram, headcount.port, '127.0.0.1');
    created += 1;
    while ((await timed(polls, () => last.createdSessions())) !== created) {
      if (performance.now() - sentAt > giveUpMs) throw new Error(`mark ${n} never became visible`);
    }
    delays.push(performance.now() - sentAt);
  }
  socket.close();
  return { delays, polls };
}

/** Milliseconds from each mark sent until a stream told it. The background starts no sessions. */
async function markStream(headcount: Headcount, marks: number): Promise<number[]> {
  const stopping = new AbortController();
  const response = await fetch(`${headcount.api}/api/v1/stream?events=1&kind=session_start`, {
    signal: stopping.signal,
  });
  const parts = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  const socket = createSocket('udp4');
  const datagram = Buffer.alloc(LINE_BYTES);
  const delays: number[] = [];
  let read = '';
  for (let n = 0; n < marks; n += 1) {
    await sleep(PAUSE_MS * (0.5 + Math.random()));
    const user = FIRST_MARK_USER + marks + n;
    writeLine(datagram, 'start', user, user);
    const name = `user${user}`;
    const sentAt = performance.now();
    socket.send(datagram, headcount.port, '127.0.0.1');
    while (!read.includes(name)) {
      const { value, done } = (await parts?.read()) ?? { done: true };
      if (done) throw new Error('the stream ended');
      read += value ?? '';
    }
    delays.push(performance.now() - sentAt);
    read = '';
  }
  socket.close();
  stopping.abort();
  return delays;
}

async function timed<T>(times: number[], work: () => Promise<T>): Promise<T> {
  const startedAt = performance.now();
  const result = await work();
  times.push(performance.now() - startedAt);
  return result;
}
