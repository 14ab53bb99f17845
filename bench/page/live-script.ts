import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser } from 'playwright-core';
import { type Headcount, startHeadcount } from '../headcount.ts';
import { measureLoad } from '../measure.ts';
import type { Bench, Row, Scenario } from '../scenario.ts';
import { median, spread } from '../statistics.ts';
import { launchChromium, openPage } from './chromium.ts';

const RATES = [20, 20_000];
const USERS = 2_000;
const TARGET_SHARE = 0.05;
/** Until the page has asked everything once. */
const SETTLES_MS = 6_000;

/** The yardstick: a page that changes one number once a second. */
const CLOCK = `data:text/html,<p id="n">0</p><script>setInterval(() => { n.textContent = Date.now() }, 1000)</script>`;

export const liveScript: Scenario = {
  name: 'page-live',
  method:
    "script of a live page as a part of a core (Chromium's ScriptDuration) at 20 and at 20,000 events/s, and everything its main thread " +
    'does; beside it, in turns, a page that changes one number each second',
  async run(bench) {
    const folder = bench.processes.createFolder();
    const headcount = await startHeadcount(bench, folder);
    const browser = await launchChromium();
    const rows: Row[] = [];
    for (const rate of RATES) rows.push(await measure(bench, headcount, browser, rate));
    await browser.close();
    await headcount.stop();
    bench.processes.removeFolder(folder);
    return rows;
  },
};

async function measure(bench: Bench, headcount: Headcount, browser: Browser, rate: number): Promise<Row> {
  const rounds = bench.quick ? 2 : 5;
  const forMs = bench.quick ? 10_000 : 20_000;
  const count = Math.ceil((rate * rounds * 2 * (forMs + SETTLES_MS)) / 1_000);
  const life = { type: 'life', users: USERS, from: 0 } as const;
  const load = measureLoad(bench, headcount, { stream: life, count, rate });
  const shares = { script: [] as number[], task: [] as number[], bare: [] as number[] };
  for (let round = 0; round < rounds; round += 1) {
    const ours = await watch(browser, `${headcount.api}/`, forMs);
    const bare = await watch(browser, CLOCK, forMs);
    shares.script.push(ours.script);
    shares.task.push(ours.task);
    shares.bare.push(bare.task);
    const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
    bench.say(`  ${rate}/s round ${round + 1} script ${percent(ours.script)}, all ${percent(ours.task)}`);
  }
  const { lost } = await load;
  const percents = (values: readonly number[]): string =>
    spread(
      values.map((value) => value * 100),
      1,
      ' %',
    );
  return {
    what: `a live page's script, part of a core, at ${rate} events/s`,
    target: `< ${TARGET_SHARE * 100} %`,
    measured: percents(shares.script),
    yardstick: `all of its main thread ${percents(shares.task)}, bare page ${percents(shares.bare)}; lost ${lost}`,
    met: median(shares.script) < TARGET_SHARE,
  };
}

/** The parts of a core that script and all of the main thread take. */
async function watch(
  browser: Browser,
  url: string,
  forMs: number,
): Promise<{ script: number; task: number }> {
  const { busy, close } = await openPage(browser, url);
  await sleep(SETTLES_MS);
  const before = await busy();
  const startedAt = performance.now();
  await sleep(forMs);
  const after = await busy();
  const seconds = (performance.now() - startedAt) / 1_000;
  await close();
  return { script: (after.script - before.script) / seconds, task: (after.task - before.task) / seconds };
}
