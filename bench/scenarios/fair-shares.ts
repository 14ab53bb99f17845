import { once } from 'node:events';
import { Agent, get } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Filled, fillStore } from '../fill-store.ts';
import { type Headcount, startHeadcount } from '../headcount.ts';
import type { Row, Scenario } from '../scenario.ts';
import { percentile } from '../statistics.ts';

const DAYS = 10;
const ABANDONED = 30;
const READERS = 200;
const TARGET_MS = 250;
/** Until a client that asks for much gives up, and asks again. */
const PATIENCE_MS = 500;
const PAUSE_MS = 100;

export const fairShares: Scenario = {
  name: 'fair-shares',
  method:
    `time of events?limit=1 for one client while ${ABANDONED} requests of another one for the longest answers are given up after half a ` +
    `second and made again, and ${READERS} readers ask for the latest page each second; out of 10,000,000 stored events`,
  async run(bench) {
    const folder = bench.processes.createFolder();
    const filled = fillStore(join(folder, 'data'), bench.quick ? 20_000 : 1_000_000, DAYS, Date.now());
    const headcount = await startHeadcount(bench, folder);
    const count = bench.quick ? 50 : 300;
    const alone = await askTimes(headcount, count);
    const stopping = new AbortController();
    const others = [...abandoned(headcount, filled, stopping.signal), ...readers(headcount, stopping.signal)];
    await sleep(2_000);
    const [beside, health] = [await askTimes(headcount, count), await healthTimes(headcount, count)];
    stopping.abort();
    await Promise.all(others);
    await headcount.stop();
    bench.processes.removeFolder(folder);
    return [rowOf(alone, beside, health)];
  },
};

function rowOf(alone: readonly number[], beside: readonly number[], health: readonly number[]): Row {
  const of = (times: readonly number[]): string =>
    `p99 ${percentile(times, 0.99).toFixed(0)} ms (p50 ${percentile(times, 0.5).toFixed(0)})`;
  return {
    what: `events?limit=1 beside ${ABANDONED} abandoned requests and ${READERS} readers`,
    target: `< ${TARGET_MS} ms`,
    measured: of(beside),
    yardstick: `alone ${of(alone)}; /healthz beside them ${of(health)}`,
    met: percentile(beside, 0.99) < TARGET_MS,
  };
}

const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY });

/** Asks from one of the loopback addresses, which are clients of their own, and reads the whole answer. */
async function ask(
  { api }: Headcount,
  path: string,
  localAddress: string,
  signal?: AbortSignal,
): Promise<void> {
  const request = get(api + path, { agent, localAddress, ...(signal === undefined ? {} : { signal }) });
  const [response] = await once(request, 'response', signal === undefined ? {} : { signal });
  if (response.statusCode !== 200) throw new Error(`${path}: ${response.statusCode}`);
  for await (const _ of response);
}

async function times(count: number, asking: () => Promise<void>): Promise<number[]> {
  const took: number[] = [];
  for (let n = 0; n < count; n += 1) {
    const began = performance.now();
    await asking();
    took.push(performance.now() - began);
    await sleep(20);
  }
  return took;
}

const askTimes = (headcount: Headcount, count: number) =>
  times(count, () => ask(headcount, '/api/v1/events?limit=1', '127.0.0.2'));
const healthTimes = (headcount: Headcount, count: number) =>
  times(count, () => ask(headcount, '/healthz', '127.0.0.2'));

function abandoned(headcount: Headcount, { from, to }: Filled, stopped: AbortSignal): Promise<void>[] {
  const range = `from=${new Date(from).toISOString()}&to=${new Date(to).toISOString()}`;
  const paths = [
    ...[`/api/v1/peaks?by=hour&limit=1000&${range}`, `/api/v1/sessions?sort=duration&limit=1000&${range}`],
    `/api/v1/events?kind=connection_open&limit=1000&${range}`,
  ];
  return Array.from({ length: ABANDONED }, async (_, n) => {
    while (!stopped.aborted) {
      const patience = AbortSignal.any([stopped, AbortSignal.timeout(PATIENCE_MS)]);
      await ask(headcount, paths[n % paths.length] ?? '', '127.0.0.3', patience).catch(() => {});
    }
  });
}

function readers(headcount: Headcount, stopped: AbortSignal): Promise<void>[] {
  return Array.from({ length: READERS }, async (_, n) => {
    await sleep((n * 1_000) / READERS);
    while (!stopped.aborted) {
      await ask(headcount, '/api/v1/events?limit=100', `127.0.1.${n + 1}`);
      await sleep(1_000 - PAUSE_MS);
    }
  });
}
