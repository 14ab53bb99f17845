import { setTimeout as sleep } from 'node:timers/promises';
import { type Headcount, startHeadcount } from '../headcount.ts';
import { type Measured, measureLoad } from '../measure.ts';
import { nextMessage, stop } from '../processes.ts';
import type { Bench, Row, Scenario } from '../scenario.ts';
import { median, spread } from '../statistics.ts';
import { type Recording, recordRequests } from './asked.ts';
import { launchChromium, openPage } from './chromium.ts';
import type { PageClientsPlan, PageClientsReport } from './page-clients.ts';

const PAGES = 50;
const RATE = 5_000;
const USERS = 2_000;
const TARGET_RATIO = 1.05;
/** Points of the hour, which a page shows first, are of five seconds. */
const STEP_MS = 5_000;
const WITHIN_MS = 60_000;

export const fiftyPages: Scenario = {
  name: 'page-fifty',
  method:
    `what a page in Chromium asks while it is looked at and while it is hidden; then CPU per event at ${RATE}/s with ${PAGES} ` +
    'clients that follow the stream and ask the same at the same moments, over the same without any, in turns',
  async run(bench) {
    const folder = bench.processes.createFolder();
    const headcount = await startHeadcount(bench, folder);
    // Until V8 has compiled what is hot, and so that there is something to see.
    await load(bench, headcount, 0, RATE * 6);
    const watchedMs = bench.quick ? 15_000 : 30_000;
    const watched = await watch(headcount, watchedMs);
    const rows = [askedRow(watched, watchedMs)];
    rows.push(await compare(bench, headcount, watched.recording, watchedMs));
    await headcount.stop();
    bench.processes.removeFolder(folder);
    return rows;
  },
};

interface Watched {
  readonly recording: Recording;
  /** Requests while nobody looked at it. */
  readonly whileHidden: number;
}

/** Lets one page live for a while, then hides it. */
async function watch({ api }: Headcount, forMs: number): Promise<Watched> {
  const browser = await launchChromium();
  const { page } = await openPage(browser, `${api}/`);
  const beginning = recordRequests(page);
  // What it asks only once is not part of its life.
  await sleep(6_000);
  const recording = recordRequests(page);
  await sleep(forMs);
  // Before it is hidden: what it asks then is nobody's rhythm.
  const living: Recording = { ...recording, asked: [...recording.asked], stream: beginning.stream };
  await page.evaluate(() => {
    Object.defineProperty(document, 'hidden', { get: () => true });
    document.dispatchEvent(new Event('visibilitychange'));
  });
  await sleep(1_000);
  const hidden = recordRequests(page);
  await sleep(forMs / 2);
  await browser.close();
  return { recording: living, whileHidden: hidden.asked.length };
}

function askedRow({ recording, whileHidden }: Watched, forMs: number): Row {
  const { asked, cancelled } = recording;
  const routes = Map.groupBy(asked, ({ path }) => new URL(path, 'http://x').pathname.replace('/api/v1/', ''));
  const rates = [...routes].map(([route, all]) => `${route} ${((all.length * 1_000) / forMs).toFixed(2)}`);
  return {
    what: 'requests a second of a live page; of a hidden one',
    target: '0 hidden',
    measured: `${((asked.length * 1_000) / forMs).toFixed(2)}; ${whileHidden}`,
    yardstick: `${rates.join(', ')}; given up ${cancelled.length}`,
    met: whileHidden === 0,
  };
}

async function compare(
  bench: Bench,
  headcount: Headcount,
  { asked, stream }: Recording,
  everyMs: number,
): Promise<Row> {
  const cpu = { without: [] as number[], with: [] as number[] };
  const count = RATE * (bench.quick ? 5 : 20);
  const port = Number(new URL(headcount.api).port);
  const plan = { port, clients: PAGES, stream: stream ?? '', asked, everyMs, stepMs: STEP_MS };
  let lost = 0;
  for (let round = 0; round < (bench.quick ? 3 : 6); round += 1) {
    for (const way of round % 2 === 0 ? (['without', 'with'] as const) : (['with', 'without'] as const)) {
      const pages = way === 'with' ? await openPages(bench, plan) : null;
      const measured = await load(bench, headcount, round * count, count);
      cpu[way].push(measured.cpuMicros);
      lost += measured.lost;
      await pages?.close();
      bench.say(`  round ${round + 1} ${way.padEnd(7)} ${measured.cpuMicros.toFixed(1)} us/event`);
    }
  }
  const ratios = cpu.with.map((micros, round) => micros / (cpu.without[round] ?? Number.NaN));
  return {
    what: `CPU per event with ${PAGES} open pages / without`,
    target: `<= ${TARGET_RATIO}`,
    measured: spread(ratios),
    yardstick: `without ${spread(cpu.without, 1, ' us')}; ${((PAGES * asked.length * 1_000) / everyMs).toFixed(0)} requests/s; lost ${lost}`,
    met: median(ratios) <= TARGET_RATIO && lost === 0,
  };
}

function load(bench: Bench, headcount: Headcount, from: number, count: number): Promise<Measured> {
  return measureLoad(bench, headcount, { stream: { type: 'life', users: USERS, from }, count, rate: RATE });
}

async function openPages(bench: Bench, plan: PageClientsPlan): Promise<{ close(): Promise<void> }> {
  const clients = bench.processes.fork('./page/page-clients.ts');
  clients.send(plan);
  await nextMessage(clients, WITHIN_MS);
  return {
    /** @throws where a stream ended or a request failed */
    async close() {
      clients.send('report');
      const { requests, failed, open } = await nextMessage<PageClientsReport>(clients, WITHIN_MS);
      if (open !== PAGES) throw new Error(`${PAGES - open} streams ended too early`);
      if (failed > 0) throw new Error(`${failed} of ${requests} requests failed`);
      await stop(clients, 'SIGTERM');
    },
  };
}
