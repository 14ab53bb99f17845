import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { Page } from 'playwright-core';
import { fillStore } from '../../bench/fill-store.ts';
import { percentile } from '../../bench/statistics.ts';
import { cardText, PageUnderTest, visit } from '../page/browser/browser.ts';
import { numberedUser, watched, watchFeed } from '../page/browser/feed-watch.ts';

/**
 * Watches the page for a minute, in a browser, in front of a large store: does every event appear, how soon, and what does the
 * page cost? Then opens many pages at once.
 *
 *   npm run watch-page
 *   npm run watch-page -- --seconds 10 --pages 5 --apps 500 --sessions 20000
 */
const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    rate: { type: 'string', default: '20' },
    pages: { type: 'string', default: '50' },
    apps: { type: 'string', default: '10000' },
    sessions: { type: 'string', default: '1000000' },
  },
});
const [seconds, rate, pages, apps, sessions] = [
  ...[Number(values.seconds), Number(values.rate), Number(values.pages)],
  ...[Number(values.apps), Number(values.sessions)],
] as const;
/** One request holds no more. */
const MOST_ITEMS = 4_000;
const DAYS = 14;
const OPENED_BY_ONE = 10;
const WAIT_MS = 180_000;
const ASKED_EVERY_MS = 100;
/** Two cores open no more windows of a browser at a time. */
const TOGETHER = 5;

let isMet = true;
function row(what: string, toReach: string, reached: string, isGood: boolean): void {
  isMet &&= isGood;
  console.log(`| ${what} | ${toReach} | ${reached}${isGood ? '' : ' **missed**'} |`);
}

async function until(asked: () => Promise<boolean>): Promise<boolean> {
  for (const end = performance.now() + WAIT_MS; performance.now() < end; await sleep(20)) {
    if (await asked()) return true;
  }
  return false;
}

const isFilled = async (page: Page): Promise<boolean> =>
  /^[\d,]+$/.test(await cardText(page, 'Active sessions'));

/** Opens the page and waits for its numbers; how long that took since it was asked for, in ms. */
async function opened(under: PageUnderTest): Promise<{ readonly page: Page; readonly tookMs: number }> {
  const page = await under.open('?window=60s');
  if (!(await until(() => isFilled(page)))) throw new Error('the page shows no numbers');
  return { page, tookMs: await page.evaluate('performance.now()') };
}

/** Seconds in which scripts of the page ran so far. */
async function scriptSeconds(page: Page): Promise<() => Promise<number>> {
  const devTools = await page.context().newCDPSession(page);
  await devTools.send('Performance.enable');
  return async () => {
    const { metrics } = await devTools.send('Performance.getMetrics');
    return metrics.find(({ name }) => name === 'ScriptDuration')?.value ?? Number.NaN;
  };
}

async function watch(under: PageUnderTest): Promise<void> {
  const { page, tookMs } = await opened(under);
  row('first numbers', '< 1 s', `${Math.round(tookMs)} ms`, tookMs < 1_000);
  await until(async () => (await page.locator('.feed-row').count()) > 0);
  await watchFeed(page);
  const script = await scriptSeconds(page);
  const [before, began] = [await script(), performance.now()];
  const sentAt = new Map<string, number>();
  for (let n = 0; n < seconds * rate; n += 1) {
    await sleep(Math.max(0, began + (n / rate) * 1000 - performance.now()));
    const user = numberedUser(n);
    sentAt.set(`LAB\\${user}`, Date.now());
    await under.post(visit(user, n % 2 === 0 ? 'qs0' : 'qs1'));
  }
  await until(async () => (await watched(page)).seen.length >= sentAt.size);
  const share = ((await script()) - before) / ((performance.now() - began) / 1000);
  const { seen, wrong } = await watched(page);
  const isWhole = seen.length === sentAt.size && wrong.length === 0;
  row(
    `events in ${seconds} s`,
    'each once, in order',
    `${seen.length} of ${sentAt.size}, ${wrong.length} wrong`,
    isWhole,
  );
  const delays = seen.map(([user, at]) => at - (sentAt.get(user) ?? Number.NaN));
  const [p50, p99] = [percentile(delays, 0.5), percentile(delays, 0.99)];
  row('event to row', 'p99 < 1.2 s', `p50 ${p50} ms, p99 ${p99} ms`, p99 < 1_200);
  row('scripts of a live page', '< 5 % of a core', `${(100 * share).toFixed(1)} %`, share < 0.05);
  await page.close();
}

/** How long the answers of the API take until it is stopped, in ms. */
function askMeanwhile(under: PageUnderTest): () => Promise<readonly number[]> {
  const times: number[] = [];
  let isOver = false;
  const asking = (async () => {
    while (!isOver) {
      const began = performance.now();
      await (await fetch(`${under.program.api}/api/v1/counts`)).arrayBuffer();
      times.push(performance.now() - began);
      await sleep(ASKED_EVERY_MS);
    }
    return times;
  })();
  return () => {
    isOver = true;
    return asking;
  };
}

async function openMany(under: PageUnderTest): Promise<void> {
  const stopAsking = askMeanwhile(under);
  const all: Awaited<ReturnType<typeof opened>>[] = [];
  while (all.length < pages) {
    const some = Array.from({ length: Math.min(TOGETHER, pages - all.length) }, () => opened(under));
    all.push(...(await Promise.all(some)));
  }
  const asked = await stopAsking();
  const slowest = Math.max(...all.map(({ tookMs }) => tookMs));
  const p99 = percentile(asked, 0.99);
  // Chromium's processes of fifty pages want the cores, too: the server's answer beside them is what counts.
  row(
    `counts while ${pages} pages open (all have numbers after ${Math.round(slowest)} ms)`,
    '',
    `p99 ${Math.round(p99)} ms`,
    true,
  );
  await under.post(visit('zz-last', 'qs0'));
  const isTold = async () => {
    const texts = await Promise.all(all.map(({ page }) => page.locator('.feed-row').first().textContent()));
    return texts.every((text) => text?.includes('zz-last'));
  };
  row('pages at once', `${pages} that follow`, `${all.length}`, await until(isTold));
}

const under = await PageUnderTest.start('', undefined, (store) => {
  const { events } = fillStore(store, sessions, DAYS, Date.now());
  console.log(`${sessions} sessions and ${events} events are stored, ${apps} apps are open\n`);
});
try {
  const opens = Array.from({ length: apps }, (_, n) => ({
    type: 'connection_open',
    user: { directory: 'CORP', id: `user${Math.floor(n / OPENED_BY_ONE)}` },
    host: `qs${n % 5}`,
    appId: `app-${n}`,
  }));
  for (let from = 0; from < apps; from += MOST_ITEMS) await under.post(opens.slice(from, from + MOST_ITEMS));
  console.log('| what | to reach | reached |\n|---|---|---|');
  await watch(under);
  await openMany(under);
  const { length } = under.complaints;
  row('complaints of the browser', 'none', `${length}`, length === 0);
} finally {
  await under.stop();
}
process.exitCode = isMet ? 0 : 1;
