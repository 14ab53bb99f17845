import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { type Headcount, startHeadcount } from '../headcount.ts';
import { nextMessage, stop } from '../processes.ts';
import type { Bench, Scenario } from '../scenario.ts';
import { median, percentile, spread } from '../statistics.ts';
import { startBareServer } from './bare.ts';
import type { ClientPlan } from './client.ts';

/** The client posts what it has each 10 s. */
const TARGET_ONLINE_MS = 11_000;
/** The default of `application.sessions.grace`: an end counts so long after it was said. */
const GRACE_MS = 15_000;
const TARGET_OFFLINE_MS = GRACE_MS + 1_000;
const WITHIN_MS = 60_000;
/** Between two questions: about so long, never in step with a timer of the program. */
const PAUSE_MS = 20;
/** Clients begin so long after one another. */
const APART_MS = 700;

const pageSchema = z.object({ items: z.array(z.unknown()) });

export const clientOnline: Scenario = {
  name: 'client-online',
  method:
    'the real client for Node in programs of their own, started one after the other: from its start until /api/v1/sessions?active=true has ' +
    'its session, and from the end of the program until it has not, with the default grace of 15 s; each beside a client that posts to a bare server',
  async run(bench) {
    const folder = bench.processes.createFolder();
    const headcount = await startHeadcount(bench, folder, {
      receivers: [
        { type: 'udp', port: 0 },
        { type: 'tcp', port: 0 },
        { type: 'exceptionless', name: 'bench-clients' },
      ],
    });
    const clients = bench.quick ? 3 : 20;
    const times = { online: [] as number[], offline: [] as number[], posted: [] as number[] };
    const running: Promise<void>[] = [];
    for (let n = 0; n < clients; n += 1) {
      running.push(life(bench, headcount, n, times), postOf(bench, n, times.posted));
      await sleep(APART_MS);
    }
    await Promise.all(running);
    await headcount.stop();
    bench.processes.removeFolder(folder);
    const text = (values: readonly number[]) => spread(values, 0, ' ms');
    return [
      {
        what: `start of a client until its session is open, ${clients} clients`,
        target: `<= ${TARGET_ONLINE_MS} ms, each`,
        measured: text(times.online),
        yardstick: `until its first post reaches a bare server ${text(times.posted)}`,
        met: percentile(times.online, 1) <= TARGET_ONLINE_MS,
      },
      {
        what: 'end of the program until its session is not open',
        target: `<= ${TARGET_OFFLINE_MS} ms`,
        measured: text(times.offline),
        yardstick: `the grace ${GRACE_MS} ms; ticks each second`,
        met: median(times.offline) <= TARGET_OFFLINE_MS,
      },
    ];
  },
};

async function life(
  bench: Bench,
  headcount: Headcount,
  n: number,
  times: { online: number[]; offline: number[] },
): Promise<void> {
  const user = `client-${n}`;
  const client = await startClient(bench, { server: headcount.api, user });
  times.online.push(await until(async () => isOpen(headcount, user)));
  client.send('end');
  times.offline.push(await until(async () => !(await isOpen(headcount, user))));
  await stop(client, 'SIGTERM', WITHIN_MS);
}

/** Milliseconds from the start of a client until a server that does nothing has its first post. */
async function postOf(bench: Bench, n: number, times: number[]): Promise<void> {
  const bare = await startBareServer(bench);
  const user = `bare-${n}`;
  const client = await startClient(bench, { server: `http://127.0.0.1:${bare.port}`, user });
  const startedAt = performance.now();
  await bare.posted();
  times.push(performance.now() - startedAt);
  await stop(client, 'SIGKILL');
  await bare.stop();
}

/** Resolves when it was told to begin. */
async function startClient(bench: Bench, plan: Omit<ClientPlan, 'folder'>) {
  const client = bench.processes.fork('./clients/client.ts');
  client.send({ ...plan, folder: bench.processes.createFolder() } satisfies ClientPlan);
  await nextMessage(client, WITHIN_MS);
  client.send('begin');
  return client;
}

async function isOpen({ api }: Headcount, user: string): Promise<boolean> {
  const answer = await fetch(`${api}/api/v1/sessions?active=true&user=${user}`);
  return pageSchema.parse(await answer.json()).items.length > 0;
}

/** Milliseconds until it is so. */
async function until(isSo: () => Promise<boolean>): Promise<number> {
  const startedAt = performance.now();
  while (!(await isSo())) {
    if (performance.now() - startedAt > WITHIN_MS) throw new Error('it never became so');
    await sleep(PAUSE_MS * (0.5 + Math.random()));
  }
  return performance.now() - startedAt;
}
