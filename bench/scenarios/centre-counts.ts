import { setTimeout as sleep } from 'node:timers/promises';
import { NatsServers } from '../../test/nats/nats-servers.ts';
import { type Headcount, startHeadcount } from '../headcount.ts';
import { measureLoad } from '../measure.ts';
import type { Bench, Row, Scenario } from '../scenario.ts';
import { median, percentile } from '../statistics.ts';

const CENTRES = 4;
const PARTITIONS = 8;
const MANY = 1_000_000;
const MANY_QUICK = 20_000;
const FILL_RATE = 10_000;
const LIVE_RATE = 1_000;
/** Between two requests: about so long, never in step with a timer of the program. */
const PAUSE_MS = 20;
const POLL_MS = 100;
const WITHIN_MS = 600_000;
const TARGET_P99_MS = 20;
const TARGET_AGE_MS = 2_000;
/** Nobody's session ends by itself while this runs. */
const SESSIONS = { timeout: '24h', maxAge: '24h' };

interface Answer {
  readonly asOf: string;
  readonly active: { readonly sessions: number };
  readonly partial?: boolean;
}

export const centreCounts: Scenario = {
  name: 'centre-counts',
  method:
    `an edge, three servers of NATS, and ${CENTRES} central Headcounts that share ${PARTITIONS} partitions with ${MANY} sessions in all, on this machine: GET counts of each in turn while ` +
    `${LIVE_RATE} other events/s come, over the same of its own partitions (own=true) in the same round`,
  async run(bench) {
    const servers = await NatsServers.start(3);
    bench.processes.atEnd(() => servers.killAll());
    const nats = { type: 'nats', servers: servers.urls };
    const folders = Array.from({ length: CENTRES + 1 }, () => bench.processes.createFolder());
    const [edgeFolder = '', ...centreFolders] = folders;
    const sinks = [{ ...nats, replicas: 3, partitions: PARTITIONS }];
    const edge = await startHeadcount(bench, edgeFolder, { sinks, sessions: SESSIONS });
    const sessions = bench.quick ? MANY_QUICK : MANY;
    await measureLoad(bench, edge, { stream: { type: 'starts', from: 0 }, count: sessions, rate: FILL_RATE });
    const centres: Headcount[] = [];
    for (const [n, folder] of centreFolders.entries())
      centres.push(await startCentre(bench, folder, n, nats));
    const isWhole = (answer: Answer) => answer.active.sessions === sessions && answer.partial === false;
    for (const { api } of centres) await untilSo(async () => isWhole(await get(`${api}/api/v1/counts`)));
    const rows = await measured(bench, edge, centres, sessions);
    for (const each of [...centres, edge]) await each.stop();
    await servers.dispose();
    for (const folder of folders) bench.processes.removeFolder(folder);
    return rows;
  },
};

function startCentre(bench: Bench, folder: string, n: number, nats: object): Promise<Headcount> {
  const each = PARTITIONS / CENTRES;
  const receiver = { ...nats, partitions: `${n * each}-${(n + 1) * each - 1}` };
  const receivers = [{ type: 'udp', port: 0 }, { type: 'tcp', port: 0 }, receiver];
  return startHeadcount(bench, folder, { receivers, sessions: SESSIONS });
}

async function measured(
  bench: Bench,
  edge: Headcount,
  centres: readonly Headcount[],
  sessions: number,
): Promise<Row[]> {
  const seconds = bench.quick ? 5 : 60;
  const stream = { type: 'connections', users: sessions, from: 0 } as const;
  const load = measureLoad(bench, edge, { stream, count: LIVE_RATE * seconds, rate: LIVE_RATE });
  await sleep(1_000);
  const times = { all: [] as number[], own: [] as number[] };
  const ages: number[] = [];
  let partial = 0;
  const end = performance.now() + (seconds - 1.5) * 1_000;
  for (let n = 0; performance.now() < end; n += 1) {
    const { api } = centres[n % centres.length] as Headcount;
    for (const way of ['all', 'own'] as const) {
      await sleep(PAUSE_MS * (0.5 + Math.random()));
      const startedAt = performance.now();
      const answer = await get(`${api}/api/v1/counts${way === 'own' ? '?own=true' : ''}`);
      times[way].push(performance.now() - startedAt);
      if (way === 'own') continue;
      ages.push(Date.now() - Date.parse(answer.asOf));
      if (answer.partial !== false || answer.active.sessions !== sessions) partial += 1;
    }
  }
  await load;
  const text = (values: number[], part: number) => `${percentile(values, part).toFixed(1)} ms`;
  const p99 = percentile(times.all, 0.99);
  return [
    {
      what: `GET counts of any of ${CENTRES} centres with ${sessions} sessions in all, p99 of ${times.all.length} (p50, most)`,
      target: `< ${TARGET_P99_MS} ms`,
      measured: `${text(times.all, 0.99)} (${text(times.all, 0.5)}, ${text(times.all, 1)})`,
      yardstick: `its own partitions alone: p99 ${text(times.own, 0.99)}, p50 ${text(times.own, 0.5)}`,
      met: p99 < TARGET_P99_MS,
    },
    {
      what: 'the same, p50 / its own partitions alone',
      target: '<= 1.5',
      measured: (median(times.all) / median(times.own)).toFixed(2),
      yardstick: 'in the same round',
      met: median(times.all) <= 1.5 * median(times.own),
    },
    {
      what: 'how old these are, most (p50); answers that are partial or lack a session',
      target: `<= ${TARGET_AGE_MS} ms; 0`,
      measured: `${percentile(ages, 1).toFixed(0)} ms (${percentile(ages, 0.5).toFixed(0)} ms); ${partial}`,
      yardstick: `${ages.length} answers`,
      met: percentile(ages, 1) <= TARGET_AGE_MS && partial === 0,
    },
  ];
}

async function get(url: string): Promise<Answer> {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
  return (await answer.json()) as Answer;
}

async function untilSo(isSo: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + WITHIN_MS;
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error('the centres never had every session');
    await sleep(POLL_MS);
  }
}
