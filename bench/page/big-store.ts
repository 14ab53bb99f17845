import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser, Page } from 'playwright-core';
import { fillStore } from '../fill-store.ts';
import { type Headcount, startHeadcount } from '../headcount.ts';
import { measureLoad } from '../measure.ts';
import type { Bench, Row, Scenario } from '../scenario.ts';
import { percentile, spread } from '../statistics.ts';
import { launchChromium } from './chromium.ts';

const DAYS = 10;
const RATE = 20_000;
const USERS = 2_000;
const TARGET_PAINT_MS = 1_000;
const TARGET_SERIES_MS = 50;
const TARGET_PAGE_MS = 100;
const GIVE_UP_MS = 60_000;

export const bigStore: Scenario = {
  name: 'page-big',
  method:
    'out of 10,000,000 stored events: time of every window of the series and of the first page of sessions; then from the start of the ' +
    `navigation to the first card with a number and the first graph, at rest and at ${RATE} events/s, and of a bare page of as many bytes`,
  async run(bench) {
    const folder = bench.processes.createFolder();
    const filled = fillStore(join(folder, 'data'), bench.quick ? 20_000 : 1_000_000, DAYS, Date.now());
    bench.say(`  filled: ${filled.sessions} sessions, ${filled.events} events`);
    const headcount = await startHeadcount(bench, folder);
    const rows = [...(await serverTimes(bench, headcount)), ...(await firstPaint(bench, headcount))];
    await headcount.stop();
    bench.processes.removeFolder(folder);
    return rows;
  },
};

async function serverTimes(bench: Bench, { api }: Headcount): Promise<Row[]> {
  const windows = ['60s', '1h', '1d', '1w'].map((window) => `series?window=${window}`);
  const ways: [what: string, path: string, target: number][] = [
    ...windows.map((path): [string, string, number] => [path, path, TARGET_SERIES_MS]),
    ['series of a host, a day', 'series?window=1d&host=qs1', TARGET_SERIES_MS],
    ['first page of sessions', 'sessions?limit=50', TARGET_PAGE_MS],
    ['first page of active sessions', 'sessions?limit=50&active=true', TARGET_PAGE_MS],
  ];
  const rows: Row[] = [];
  for (const [what, path, target] of ways) {
    const [times, bare]: [number[], number[]] = [[], []];
    for (let n = 0; n < (bench.quick ? 15 : 100); n += 1) {
      times.push(await timed(`${api}/api/v1/${path}`));
      bare.push(await timed(`${api}/healthz`));
    }
    const p99 = percentile(times, 0.99);
    rows.push({
      what: `server time of ${what}, p99 (p50)`,
      target: `< ${target} ms`,
      measured: `${p99.toFixed(1)} ms (${percentile(times, 0.5).toFixed(1)})`,
      yardstick: `GET /healthz in turns p99 ${percentile(bare, 0.99).toFixed(1)} ms (${percentile(bare, 0.5).toFixed(1)})`,
      met: p99 < target,
    });
  }
  return rows;
}

async function timed(url: string): Promise<number> {
  const startedAt = performance.now();
  const answer = await fetch(url);
  if (answer.status !== 200) throw new Error(`${url}: ${answer.status} ${await answer.text()}`);
  await answer.arrayBuffer();
  return performance.now() - startedAt;
}

/** Milliseconds since the navigation began, and the bytes that came until then. */
interface Paint {
  readonly cardMs: number;
  readonly graphMs: number;
}

async function firstPaint(bench: Bench, headcount: Headcount): Promise<Row[]> {
  const browser = await launchChromium();
  const rounds = bench.quick ? 3 : 10;
  const bare = await startBarePage(await bytesOf(browser, `${headcount.api}/`));
  const [idle, loaded, still]: [Paint[], Paint[], Paint[]] = [[], [], []];
  // Until V8 has compiled what is hot.
  await visit(browser, `${headcount.api}/`);
  for (let round = 0; round < rounds; round += 1) {
    still.push(await visit(browser, bare.url));
    idle.push(await visit(browser, `${headcount.api}/`));
    const life = { type: 'life', users: USERS, from: round * RATE } as const;
    const load = measureLoad(bench, headcount, { stream: life, count: RATE * 6, rate: RATE });
    await sleep(3_000);
    loaded.push(await visit(browser, `${headcount.api}/`));
    await load;
  }
  bare.close();
  await browser.close();
  const row = (what: string, of: (paint: Paint) => number): Row => {
    const ms = (paints: readonly Paint[]): string => spread(paints.map(of), 0, ' ms');
    return {
      what: `first ${what} at ${RATE} events/s`,
      target: `< ${TARGET_PAINT_MS} ms`,
      measured: ms(loaded),
      yardstick: `at rest ${ms(idle)}; bare page of the same bytes ${ms(still)}`,
      met: percentile(loaded.map(of), 0.5) < TARGET_PAINT_MS,
    };
  };
  return [row('card with a number', ({ cardMs }) => cardMs), row('graph', ({ graphMs }) => graphMs)];
}

/** With nothing in the cache. */
async function visit(browser: Browser, url: string): Promise<Paint> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  await page.addInitScript(watchPaint);
  await page.goto(url);
  const paint = await painted(page);
  await context.close();
  return paint;
}

async function painted(page: Page): Promise<Paint> {
  const found = await page.waitForFunction(
    () => {
      const { cardMs, graphMs } = globalThis as unknown as Partial<Paint>;
      return cardMs === undefined || graphMs === undefined ? null : { cardMs, graphMs };
    },
    null,
    { timeout: GIVE_UP_MS },
  );
  return (await found.jsonValue()) as Paint;
}

/** Runs in the page: looks at each frame what it has. */
function watchPaint(): void {
  const seen = globalThis as unknown as { cardMs?: number; graphMs?: number };
  const look = (at: number): void => {
    const card = document.querySelector('.card .figure');
    if (/\d/.test(card?.textContent ?? '')) seen.cardMs ??= at;
    if (document.querySelector('.plot canvas') !== null) seen.graphMs ??= at;
    if (seen.cardMs === undefined || seen.graphMs === undefined) requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}

/** What comes over the wire until the page is drawn; without the stream. */
async function bytesOf(browser: Browser, url: string): Promise<number> {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.addInitScript(watchPaint);
  await page.goto(url);
  await painted(page);
  const bytes = await page.evaluate(() => {
    const entries = performance.getEntries() as PerformanceResourceTiming[];
    return entries.reduce((sum, { transferSize = 0 }) => sum + transferSize, 0);
  });
  await context.close();
  return bytes;
}

/** A page that has its number and its canvas from the beginning, and does nothing. */
async function startBarePage(bytes: number): Promise<{ readonly url: string; close(): void }> {
  const content = '<div class="card"><p class="figure">1</p></div><div class="plot"><canvas></canvas></div>';
  const html = `<!DOCTYPE html><title>bare</title>${content}<!--${'x'.repeat(bytes)}-->`;
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html');
    response.end(html);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/`, close: () => server.close() };
}
