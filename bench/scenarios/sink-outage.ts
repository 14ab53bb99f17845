import { setTimeout as sleep } from 'node:timers/promises';
import { type Measured, measureLoad } from '../measure.ts';
import { cpuTime, memory } from '../process-usage.ts';
import { type Pair, queryableEvents, startPair } from '../questdb.ts';
import type { Bench, Row, Scenario } from '../scenario.ts';
import { sinkState, untilDelivered } from '../sinks.ts';

/** Faster than the 2,000/s of the target, so that a million do not take ten minutes. */
const RATE = 10_000;
const LIVE_RATE = 2_000;
const USERS = 2_000;
const TARGET_RSS_MEBIBYTES = 50;
const TARGET_CPU_RATIO = 1.2;
const TARGET_CATCH_UP = 5;
const POLL_MS = 100;

export const sinkOutage: Scenario = {
  name: 'sink-outage',
  method:
    'events at 10,000/s with QuestDB up, then 1,000,000 while it is stopped; then it comes back while 2,000/s go on, until nothing is pending',
  async run(bench) {
    const events = bench.quick ? 50_000 : 1_000_000;
    const warm = bench.quick ? 30_000 : 300_000;
    const pair = await startPair(bench);
    const up = await withCpu(bench, pair, 0, warm, true);
    const rssBefore = memory(pair.headcount.pid).now;
    await pair.questdb.stop();
    const down = await withCpu(bench, pair, warm, events, false);
    const growth = memory(pair.headcount.pid).now - rssBefore;
    bench.say(
      `  up ${up.micros.toFixed(1)} us/event, down ${down.micros.toFixed(1)}; RSS ${growth.toFixed(0)} MiB more`,
    );
    const catchUp = await comesBack(bench, pair, warm + events);
    const { accepted, delivered } = await books(pair);
    await pair.dispose();
    return rowsOf(events, up, down, growth, catchUp, accepted - delivered);
  },
};

interface Cost {
  readonly micros: number;
  readonly measured: Measured;
}

async function withCpu(
  bench: Bench,
  { headcount }: Pair,
  from: number,
  count: number,
  isUp: boolean,
): Promise<Cost> {
  const before = cpuTime(headcount.pid).total;
  const stream = { type: 'life', users: USERS, from } as const;
  const measured = await measureLoad(bench, headcount, { stream, count, rate: RATE });
  const after = isUp ? (await untilDelivered(headcount)).cpu : cpuTime(headcount.pid).total;
  return { micros: ((after - before) * 1e6) / count, measured };
}

/** Rows and events a second from the first one taken until nothing is pending, live ones included. */
async function comesBack(bench: Bench, pair: Pair, from: number): Promise<{ events: number; rows: number }> {
  await pair.questdb.restart();
  const backlog = await sinkState(pair.headcount);
  const seconds = bench.quick ? 10 : 60;
  const stream = { type: 'life', users: USERS, from } as const;
  const live = measureLoad(bench, pair.headcount, { stream, count: LIVE_RATE * seconds, rate: LIVE_RATE });
  let first = await sinkState(pair.headcount);
  while (first.delivered === backlog.delivered) {
    await sleep(POLL_MS);
    first = await sinkState(pair.headcount);
  }
  const startedAt = performance.now();
  let last = first;
  // A second's worth of live events is pending at any time.
  while (last.events.pending > LIVE_RATE) {
    await sleep(POLL_MS);
    last = await sinkState(pair.headcount);
  }
  const took = (performance.now() - startedAt) / 1_000;
  bench.say(`  caught up in ${took.toFixed(1)} s`);
  await live;
  await untilDelivered(pair.headcount);
  return {
    events: (last.events.delivered - first.events.delivered) / took,
    rows: (last.delivered - first.delivered) / took,
  };
}

async function books({ questdb, headcount }: Pair): Promise<{ accepted: number; delivered: number }> {
  const { accepted } = await sinkState(headcount);
  await questdb.settled('session_events', 'SELECT 1');
  return { accepted, delivered: await queryableEvents(questdb) };
}

function rowsOf(
  events: number,
  up: Cost,
  down: Cost,
  growth: number,
  catchUp: { events: number; rows: number },
  missing: number,
): Row[] {
  const lost = up.measured.lost + down.measured.lost;
  const [cpu, speed] = [down.micros / up.micros, catchUp.events / LIVE_RATE];
  return [
    {
      what: `QuestDB stopped while ${events} events come in: lost on the way in; missing in the end`,
      target: '0; 0',
      measured: `${lost}; ${missing}`,
      yardstick: `at ${RATE}/s`,
      met: lost === 0 && missing === 0,
    },
    {
      what: 'RSS growth meanwhile',
      target: `< ${TARGET_RSS_MEBIBYTES} MiB`,
      measured: `${growth.toFixed(0)} MiB`,
      yardstick: `peak ${down.measured.memory.peak.toFixed(0)} MiB`,
      met: growth < TARGET_RSS_MEBIBYTES,
    },
    {
      what: 'CPU per event meanwhile / with QuestDB up',
      target: `<= ${TARGET_CPU_RATIO}`,
      measured: cpu.toFixed(2),
      yardstick: `up ${up.micros.toFixed(1)} us, down ${down.micros.toFixed(1)} us`,
      met: cpu <= TARGET_CPU_RATIO,
    },
    {
      what: `catching up with ${LIVE_RATE}/s live, events/s over the live rate`,
      target: `>= ${TARGET_CATCH_UP}`,
      measured: speed.toFixed(1),
      yardstick: `${catchUp.events.toFixed(0)} events/s, ${catchUp.rows.toFixed(0)} rows/s`,
      met: speed >= TARGET_CATCH_UP,
    },
  ];
}
