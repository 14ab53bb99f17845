import { Buffer } from 'node:buffer';
import { createSocket } from 'node:dgram';
import { setTimeout as sleep } from 'node:timers/promises';
import { LINE_BYTES, writeLine } from '../lines.ts';
import { measureLoad } from '../measure.ts';
import { type Pair, startPair } from '../questdb.ts';
import type { Scenario } from '../scenario.ts';
import { percentile } from '../statistics.ts';

const BACKGROUND_RATE = 1_000;
const BACKGROUND_USERS = 500;
const FIRST_MARK_USER = 1_000_000;
const PAUSE_MS = 40;
const POLL_MS = 5;
const TARGET_MS = 2_000;
const GIVE_UP_MS = 20_000;

export const sinkVisible: Scenario = {
  name: 'sink-visible',
  method:
    'from sending the Start of a new user until a query of QuestDB finds it, asked again and again, with 1,000 other events/s',
  async run(bench) {
    const pair = await startPair(bench);
    const starts = { stream: { type: 'starts', from: 0 }, count: BACKGROUND_USERS, rate: 1_000 } as const;
    await measureLoad(bench, pair.headcount, starts);
    const marks = bench.quick ? 10 : 200;
    const stream = { type: 'connections', users: BACKGROUND_USERS, from: 0 } as const;
    const count = Math.ceil((marks * 450 * BACKGROUND_RATE) / 1_000);
    const load = measureLoad(bench, pair.headcount, { stream, count, rate: BACKGROUND_RATE });
    await sleep(1_000);
    const { delays, polls } = await mark(pair, marks);
    await load;
    await pair.dispose();
    const text = (values: number[], part: number) => `${percentile(values, part).toFixed(0)} ms`;
    return [
      {
        what: `arrival to queryable in QuestDB, p99 of ${marks} (p50, most)`,
        target: `< ${TARGET_MS} ms`,
        measured: `${text(delays, 0.99)} (${text(delays, 0.5)}, ${text(delays, 1)})`,
        yardstick: `one query alone: p50 ${text(polls, 0.5)}, p99 ${text(polls, 0.99)}`,
        met: percentile(delays, 0.99) < TARGET_MS,
      },
    ];
  },
};

/** Milliseconds from each mark sent to found, and of each single query. */
async function mark(
  { headcount, questdb }: Pair,
  marks: number,
): Promise<{ delays: number[]; polls: number[] }> {
  const socket = createSocket('udp4');
  const datagram = Buffer.alloc(LINE_BYTES);
  const delays: number[] = [];
  const polls: number[] = [];
  for (let n = 0; n < marks; n += 1) {
    await sleep(PAUSE_MS * (0.5 + Math.random()));
    writeLine(datagram, 'start', FIRST_MARK_USER + n, FIRST_MARK_USER + n);
    const sentAt = performance.now();
    socket.send(datagram, headcount.port, '127.0.0.1');
    const since = new Date(Date.now() - 60_000).toISOString();
    const sql = `SELECT count() AS n FROM session_events WHERE ts > '${since}' AND user_id = 'user${FIRST_MARK_USER + n}'`;
    for (;;) {
      const askedAt = performance.now();
      const [row] = await questdb.query(sql);
      polls.push(performance.now() - askedAt);
      if (Number(row?.['n']) > 0) break;
      if (performance.now() - sentAt > GIVE_UP_MS) throw new Error(`mark ${n} never became queryable`);
      await sleep(POLL_MS);
    }
    delays.push(performance.now() - sentAt);
  }
  socket.close();
  return { delays, polls };
}
