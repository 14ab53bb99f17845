import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { type Headcount, startHeadcount } from '../headcount.ts';
import type { MadeUpPlan } from '../made-up-load.ts';
import { memory } from '../process-usage.ts';
import { nextMessage, stop } from '../processes.ts';
import type { Bench, Row, Scenario } from '../scenario.ts';
import { percentile } from '../statistics.ts';

const NAMES = 1_000_000;
const NAMES_QUICK = 100_000;
const SECONDS = 60;
const SECONDS_QUICK = 6;
const REAL_USERS = 500;
const PAUSE_MS = 50;
const WITHIN_MS = 600_000;
const TARGET_P99_MS = 20;
const TARGET_SERVED_MS = 1_000;
const TARGET_MEBIBYTES = 1_024;

const countsSchema = z.object({ active: z.object({ sessions: z.number() }) });
const pageSchema = z.object({ items: z.array(z.unknown()), nextCursor: z.string().nullable() });
const ingestSchema = z.object({
  accepted: z.number(),
  inFlight: z.number(),
  refused: z.record(z.string(), z.number()),
});

export const madeUpNames: Scenario = {
  name: 'made-up-names',
  method:
    'a million users and apps that somebody makes up within a minute, on 100,000 made-up hosts, and then on one; meanwhile GET ' +
    'counts one at a time, then a node that nobody knows yet, and what the real ones before them have in history',
  async run(bench) {
    const names = bench.quick ? NAMES_QUICK : NAMES;
    return [...(await flood(bench, names, names / 10)), ...(await flood(bench, names, 1))];
  },
};

async function flood(bench: Bench, names: number, hosts: number): Promise<Row[]> {
  const folder = bench.processes.createFolder();
  const headcount = await startHeadcount(bench, folder);
  const idle = memory(headcount.pid).now;
  await visits(headcount, 'real-node', REAL_USERS);
  const load = sendNames(bench, {
    port: headcount.tcpPort,
    lines: names,
    hosts,
    seconds: bench.quick ? SECONDS_QUICK : SECONDS,
  });
  const [times, healthz]: [number[], number[]] = [[], []];
  let isOver = false;
  const seconds = await Promise.all([
    load.finally(() => {
      isOver = true;
    }),
    askUntil(headcount, '/api/v1/counts', times, () => isOver),
    askUntil(headcount, '/healthz', healthz, () => isOver),
  ]).then(([ms]) => ms / 1_000);
  const servedMs = await served(headcount);
  const { accepted, refused } = await settled(headcount);
  const kept = await sessionsOf(headcount, 'real-node');
  const peak = memory(headcount.pid).peak;
  bench.say(
    `  ${names} names on ${hosts} hosts in ${seconds.toFixed(1)} s, refused ${JSON.stringify(refused)}`,
  );
  await headcount.stop();
  bench.processes.removeFolder(folder);
  const what = `${names} made-up users and apps on ${hosts} hosts`;
  const p99 = percentile(times, 0.99);
  // The visits, the names, and the session of the new node.
  const sent = 2 * REAL_USERS + names + 1;
  return [
    {
      what: `${what}: GET counts meanwhile, p99 of ${times.length} (p50, most)`,
      target: `< ${TARGET_P99_MS} ms`,
      measured: `${p99.toFixed(1)} ms (${percentile(times, 0.5).toFixed(1)}, ${percentile(times, 1).toFixed(1)})`,
      yardstick: `/healthz p99 ${percentile(healthz, 0.99).toFixed(1)} ms (${percentile(healthz, 0.5).toFixed(1)}); the names took ${seconds.toFixed(0)} s`,
      met: p99 < TARGET_P99_MS,
    },
    {
      what: 'then a session of a new node is counted within',
      target: `< ${TARGET_SERVED_MS} ms`,
      measured: `${servedMs.toFixed(0)} ms`,
      yardstick: `p50 of counts ${percentile(times, 0.5).toFixed(1)} ms`,
      met: servedMs < TARGET_SERVED_MS,
    },
    {
      what: 'peak RSS',
      target: `< ${TARGET_MEBIBYTES} MiB`,
      measured: `${peak.toFixed(0)} MiB`,
      yardstick: `empty ${idle.toFixed(0)} MiB`,
      met: peak < TARGET_MEBIBYTES,
    },
    {
      what: 'sessions of the real node in history; events accepted',
      target: 'all',
      measured: `${kept} of ${REAL_USERS}; ${accepted} of ${sent}`,
      yardstick: `refused ${Object.values(refused).reduce((sum, n) => sum + n, 0)}`,
      met: kept === REAL_USERS && accepted === sent,
    },
  ];
}

/** Milliseconds that it took. */
async function sendNames(bench: Bench, plan: MadeUpPlan): Promise<number> {
  const sender = bench.processes.fork('./made-up-load.ts');
  try {
    sender.send(plan);
    return await nextMessage<number>(sender, WITHIN_MS);
  } finally {
    await stop(sender, 'SIGTERM');
  }
}

async function askUntil(
  { api }: Headcount,
  path: string,
  times: number[],
  isOver: () => boolean,
): Promise<void> {
  while (!isOver()) {
    await sleep(PAUSE_MS * (0.5 + Math.random()));
    const startedAt = performance.now();
    await (await fetch(api + path)).text();
    times.push(performance.now() - startedAt);
  }
}

/** Whole visits, one of each user. */
async function visits({ api }: Headcount, host: string, users: number): Promise<void> {
  const kinds = ['session_start', 'session_stop'];
  await post(
    api,
    Array.from({ length: users }, (_, n) => ({ directory: 'LAB', id: `user${n}` })).flatMap((user) =>
      kinds.map((type) => ({ type, host, user })),
    ),
  );
}

async function post(api: string, items: readonly object[]): Promise<void> {
  const answer = await fetch(`${api}/api/v1/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(items),
  });
  if (answer.status !== 202) throw new Error(`events were answered ${answer.status}`);
}

/** How long it takes until a session of a node that nobody knows is counted. */
async function served({ api }: Headcount): Promise<number> {
  const startedAt = performance.now();
  await post(api, [{ type: 'session_start', host: 'new-node', user: { directory: 'LAB', id: 'anna' } }]);
  for (;;) {
    const answer = await fetch(`${api}/api/v1/counts?host=new-node`);
    if (countsSchema.parse(await answer.json()).active.sessions === 1) return performance.now() - startedAt;
    if (performance.now() - startedAt > WITHIN_MS) return Number.POSITIVE_INFINITY;
  }
}

async function settled(headcount: Headcount): Promise<z.output<typeof ingestSchema>> {
  for (;;) {
    const ingest = ingestSchema.parse(await headcount.ingest());
    if (ingest.inFlight === 0) return ingest;
    await sleep(PAUSE_MS);
  }
}

async function sessionsOf({ api }: Headcount, host: string): Promise<number> {
  let found = 0;
  let cursor: string | null = null;
  do {
    const from: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const page = pageSchema.parse(
      await (await fetch(`${api}/api/v1/sessions?host=${host}&limit=1000${from}`)).json(),
    );
    found += page.items.length;
    cursor = page.nextCursor;
  } while (cursor !== null);
  return found;
}
