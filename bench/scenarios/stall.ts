import { setTimeout as sleep } from 'node:timers/promises';
import { type Headcount, startHeadcount } from '../headcount.ts';
import { type Measured, measureLoad } from '../measure.ts';
import { nextMessage, stop } from '../processes.ts';
import type { Bench, Scenario } from '../scenario.ts';
import type { StreamClientsPlan } from '../stream-clients.ts';
import { startBareReceiver, type Target } from '../target.ts';

const RATE = 20_000;
const USERS = 2_000;
const SECONDS = 10;
/** So long after the load begins the main thread stands still. */
const STALL_AFTER_MS = 2_000;
const STREAMS = 20;
const READS = ['/api/v1/counts', '/api/v1/sessions?format=csv&limit=1000', '/api/v1/events?limit=1000'];
const PAUSE_MS = 20;
const WITHIN_MS = 30_000;

export const stall: Scenario = {
  name: 'stall',
  method:
    `datagrams lost of ${RATE}/s over ${SECONDS} s in which the main thread stands still for 3 s, beside counts, CSV and events ` +
    `without a pause and ${STREAMS} streams; the bare receiver gets the same load and is not held up`,
  async run(bench) {
    const folder = bench.processes.createFolder();
    const preload = new URL('../stall.ts', import.meta.url).href;
    const nodeArgs = [...bench.nodeArgs, '--import', preload];
    const headcount = await startHeadcount({ ...bench, nodeArgs }, folder);
    const bare = await startBareReceiver(bench);
    const [ours, theirs]: [Measured[], Measured[]] = [[], []];
    for (let round = 0; round < (bench.quick ? 1 : 5); round += 1) {
      ours.push(await loadStalled(bench, headcount, round));
      theirs.push(await load(bench, bare, round));
      bench.say(`  round ${round + 1} lost ${ours.at(-1)?.lost}, bare ${theirs.at(-1)?.lost}`);
    }
    await bare.stop();
    await headcount.stop();
    bench.processes.removeFolder(folder);
    const lost = (side: readonly Measured[]) => side.map((each) => each.lost).join(', ');
    const peak = Math.max(...ours.map(({ memory }) => memory.peak));
    return [
      {
        what: `lost while the main thread stands still for 3 s of ${RATE}/s, all of it counted`,
        target: '0',
        measured: `${lost(ours)}; peak RSS ${peak.toFixed(0)} MiB`,
        yardstick: `bare, never held up, ${lost(theirs)}`,
        met: ours.every((each) => each.lost === 0 && each.explained),
      },
    ];
  },
};

function load(bench: Bench, target: Target, round: number): Promise<Measured> {
  const count = RATE * SECONDS;
  const stream = { type: 'life', users: USERS, from: round * count } as const;
  return measureLoad(bench, target, { stream, count, rate: RATE });
}

async function loadStalled(bench: Bench, headcount: Headcount, round: number): Promise<Measured> {
  const clients = bench.processes.fork('./stream-clients.ts');
  const port = Number(new URL(headcount.api).port);
  clients.send({ port, path: '/api/v1/stream', clients: STREAMS } satisfies StreamClientsPlan);
  await nextMessage(clients, WITHIN_MS);
  const stopping = new AbortController();
  const reads = READS.map((path) => readOn(headcount.api + path, stopping.signal));
  const timer = setTimeout(() => process.kill(headcount.pid, 'SIGUSR2'), STALL_AFTER_MS);
  const measured = await load(bench, headcount, round);
  clearTimeout(timer);
  stopping.abort();
  await Promise.all(reads);
  await stop(clients, 'SIGTERM');
  return measured;
}

async function readOn(url: string, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const answer = await fetch(url);
    if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
    await answer.arrayBuffer();
    await sleep(PAUSE_MS);
  }
}
