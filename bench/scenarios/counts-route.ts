import { setTimeout as sleep } from 'node:timers/promises';
import { type Headcount, startHeadcount } from '../headcount.ts';
import { measureLoad } from '../measure.ts';
import { nextMessage, stop } from '../processes.ts';
import type { RequestPlan } from '../request-load.ts';
import type { Bench, Scenario } from '../scenario.ts';
import { median, percentile, spread } from '../statistics.ts';

const PATH = '/api/v1/counts';
const RATE = 20_000;
const USERS = 2_000;
/** Between two requests: about so long, never in step with a timer of the program. */
const PAUSE_MS = 20;
const TARGET_P99_MS = 10;
const TARGET_RATIO = 0.7;
const WITHIN_MS = 60_000;

export const countsRoute: Scenario = {
  name: 'counts-route',
  method:
    `time of GET ${PATH} one at a time while ${RATE} events/s come in; then, without events, requests/s over those of a bare ` +
    'Fastify route with a body of that size, each in turn',
  async run(bench) {
    const folder = bench.processes.createFolder();
    const headcount = await startHeadcount(bench, folder);
    const seconds = bench.quick ? 3 : 20;
    const stream = { type: 'life', users: USERS, from: 0 } as const;
    const load = measureLoad(bench, headcount, { stream, count: RATE * seconds, rate: RATE });
    await sleep(1_000);
    const times = await ask(headcount, (seconds - 1.5) * 1_000);
    const { lost } = await load;
    const rates = await compare(bench, headcount);
    await headcount.stop();
    bench.processes.removeFolder(folder);
    const ratios = rates.ours.map((rate, round) => rate / (rates.bare[round] ?? Number.NaN));
    const p99 = percentile(times, 0.99);
    return [
      {
        what: `GET counts at ${RATE} events/s, p99 of ${times.length} (p50, most)`,
        target: `< ${TARGET_P99_MS} ms`,
        measured: `${p99.toFixed(1)} ms (${percentile(times, 0.5).toFixed(1)}, ${percentile(times, 1).toFixed(1)})`,
        yardstick: `events lost meanwhile ${lost}`,
        met: p99 < TARGET_P99_MS,
      },
      {
        what: 'GET counts, requests/s, Headcount / bare Fastify',
        target: `>= ${TARGET_RATIO}`,
        measured: spread(ratios),
        yardstick: `Headcount ${spread(rates.ours, 0, '/s')}, bare ${spread(rates.bare, 0, '/s')}`,
        met: median(ratios) >= TARGET_RATIO,
      },
    ];
  },
};

/** Milliseconds of each request. */
async function ask({ api }: Headcount, forMs: number): Promise<number[]> {
  const times: number[] = [];
  const end = performance.now() + forMs;
  while (performance.now() < end) {
    await sleep(PAUSE_MS * (0.5 + Math.random()));
    const startedAt = performance.now();
    await (await fetch(api + PATH)).text();
    times.push(performance.now() - startedAt);
  }
  return times;
}

async function compare(bench: Bench, { api }: Headcount): Promise<{ ours: number[]; bare: number[] }> {
  const rates = { ours: [] as number[], bare: [] as number[] };
  const bare = bench.processes.fork('./bare-api.ts');
  bare.send((await (await fetch(api + PATH)).json()) as object);
  const barePort = await nextMessage<number>(bare, WITHIN_MS);
  const ownPort = Number(new URL(api).port);
  // The first round warms both up.
  for (let round = 0; round < (bench.quick ? 2 : 6); round += 1) {
    const ours = await rate(bench, { port: ownPort, path: PATH });
    const theirs = await rate(bench, { port: barePort, path: '/' });
    bench.say(`  round ${round}: ${ours.toFixed(0)} requests/s, bare ${theirs.toFixed(0)}`);
    if (round === 0) continue;
    rates.ours.push(ours);
    rates.bare.push(theirs);
  }
  await stop(bare, 'SIGTERM');
  return rates;
}

async function rate(bench: Bench, plan: Omit<RequestPlan, 'seconds'>): Promise<number> {
  const client = bench.processes.fork('./request-load.ts');
  client.send({ ...plan, seconds: bench.quick ? 1 : 5 } satisfies RequestPlan);
  const found = await nextMessage<number>(client, WITHIN_MS);
  await stop(client, 'SIGTERM');
  return found;
}
