import { type Headcount, startHeadcount } from '../headcount.ts';
import { type Measured, measureLoad } from '../measure.ts';
import { nextMessage, stop } from '../processes.ts';
import type { Bench, Row, Scenario } from '../scenario.ts';
import { median, spread } from '../statistics.ts';
import type { StreamClientsPlan, StreamClientsReport } from '../stream-clients.ts';

const RATE = 5_000;
const USERS = 2_000;
const CLIENTS = 200;
const TARGET_RATIO = 1.1;
const WITHIN_MS = 30_000;

export const streams: Scenario = {
  name: 'streams',
  method:
    `CPU per event at ${RATE}/s with ${CLIENTS} clients of /api/v1/stream, over the same without any, in turns; ` +
    'then the same with every client following all events (what leaves then is in the yardstick)',
  async run(bench) {
    const folder = bench.processes.createFolder();
    const headcount = await startHeadcount(bench, folder);
    // Until V8 has compiled what is hot.
    await load(bench, headcount, 0, RATE * 4);
    const rows: Row[] = [];
    for (const [what, path, target] of WAYS)
      rows.push(await compare(bench, headcount, { what, path, target }));
    await headcount.stop();
    bench.processes.removeFolder(folder);
    return rows;
  },
};

const WAYS = [
  ['counts', '/api/v1/stream', TARGET_RATIO],
  ['every event', '/api/v1/stream?events=1', null],
] as const;

async function compare(
  bench: Bench,
  headcount: Headcount,
  { what, path, target }: { what: string; path: string; target: number | null },
): Promise<Row> {
  const cpu = { without: [] as number[], with: [] as number[] };
  const count = RATE * (bench.quick ? 3 : 15);
  let lost = 0;
  let bytes = 0;
  for (let round = 0; round < (bench.quick ? 2 : 5); round += 1) {
    for (const way of round % 2 === 0 ? (['without', 'with'] as const) : (['with', 'without'] as const)) {
      const clients = way === 'with' ? await open(bench, headcount, path) : null;
      const measured = await load(bench, headcount, round * count, count);
      cpu[way].push(measured.cpuMicros);
      lost += measured.lost;
      if (clients !== null) bytes += await clients.close();
      bench.say(`  round ${round + 1} ${what} ${way.padEnd(7)} ${measured.cpuMicros.toFixed(1)} us/event`);
    }
  }
  const ratios = cpu.with.map((micros, round) => micros / (cpu.without[round] ?? Number.NaN));
  const perEvent = bytes / (count * cpu.with.length);
  return {
    what: `CPU per event with ${CLIENTS} streams of ${what} / without`,
    target: target === null ? '' : `<= ${target}`,
    measured: spread(ratios),
    yardstick: `without ${spread(cpu.without, 1, ' us')}; lost ${lost}; ${perEvent.toFixed(0)} bytes sent an event`,
    met: target === null ? null : median(ratios) <= target && lost === 0,
  };
}

function load(bench: Bench, headcount: Headcount, from: number, count: number): Promise<Measured> {
  return measureLoad(bench, headcount, { stream: { type: 'life', users: USERS, from }, count, rate: RATE });
}

async function open(bench: Bench, { api }: Headcount, path: string): Promise<{ close(): Promise<number> }> {
  const clients = bench.processes.fork('./stream-clients.ts');
  clients.send({ port: Number(new URL(api).port), path, clients: CLIENTS } satisfies StreamClientsPlan);
  await nextMessage(clients, WITHIN_MS);
  return {
    /** Bytes that came. */
    async close() {
      clients.send('report');
      const { bytes, open } = await nextMessage<StreamClientsReport>(clients, WITHIN_MS);
      if (open !== CLIENTS) throw new Error(`${CLIENTS - open} streams ended too early`);
      await stop(clients, 'SIGTERM');
      return bytes;
    },
  };
}
