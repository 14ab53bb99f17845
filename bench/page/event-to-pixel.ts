import { Buffer } from 'node:buffer';
import { createSocket } from 'node:dgram';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { type Headcount, startHeadcount } from '../headcount.ts';
import { LINE_BYTES, writeLine } from '../lines.ts';
import { measureLoad } from '../measure.ts';
import type { Bench, Row, Scenario } from '../scenario.ts';
import { percentile } from '../statistics.ts';
import { launchChromium, openPage } from './chromium.ts';

/** The background opens and closes connections of their sessions: it creates none. */
const BACKGROUND_USERS = 500;
const FIRST_MARK_USER = 1_000_000;
/** Pause between marks: about so long, never in step with a timer of the program or of the page. */
const PAUSE_MS = 700;
const TARGET_MS = 1_200;
const GIVE_UP_MS = 10_000;

interface Way {
  readonly what: string;
  /** Other events a second meanwhile. */
  readonly rate: number;
  readonly selector: string;
  /** What stands there once the session of a user has come, the so-manieth in all. */
  text(user: number, sessions: number): string;
}

const WAYS: readonly Way[] = [
  { what: 'a row of Activity', rate: 20, selector: '.feed', text: (user) => `user${user}` },
  {
    what: 'the card Active sessions',
    rate: 1_000,
    selector: '.card-active .figure',
    text: (_, sessions) => String(sessions),
  },
];

export const eventToPixel: Scenario = {
  name: 'page-pixel',
  method:
    'from sending the Start of a new user until the frame of Chromium that shows it: as a row of Activity with 20 other events/s, then ' +
    'as one more in the card of active sessions with 1,000',
  async run(bench) {
    const folder = bench.processes.createFolder();
    const headcount = await startHeadcount(bench, folder);
    const starts = { stream: { type: 'starts', from: 0 }, count: BACKGROUND_USERS, rate: 1_000 } as const;
    await measureLoad(bench, headcount, starts);
    const browser = await launchChromium();
    const { page } = await openPage(browser, `${headcount.api}/`);
    const marks = { marks: bench.quick ? 20 : 200, before: 0 };
    const rows: Row[] = [];
    for (const way of WAYS) {
      rows.push(await measure(bench, headcount, page, way, marks));
      marks.before += marks.marks;
    }
    await browser.close();
    await headcount.stop();
    bench.processes.removeFolder(folder);
    return rows;
  },
};

async function measure(
  bench: Bench,
  headcount: Headcount,
  page: Page,
  { what, rate, selector, text }: Way,
  { marks, before }: { readonly marks: number; readonly before: number },
): Promise<Row> {
  const connections = { type: 'connections', users: BACKGROUND_USERS, from: 0 } as const;
  const count = Math.ceil((marks * (PAUSE_MS + TARGET_MS) * rate) / 1_000);
  const load = measureLoad(bench, headcount, { stream: connections, count, rate });
  const socket = createSocket('udp4');
  const datagram = Buffer.alloc(LINE_BYTES);
  const delays: number[] = [];
  const frames: number[] = [];
  await page.locator(selector).waitFor();
  for (let n = 1; n <= marks; n += 1) {
    await sleep(PAUSE_MS * (0.5 + Math.random()));
    const user = FIRST_MARK_USER + before + n;
    const seen = page.evaluate(untilShown, {
      selector,
      text: text(user, BACKGROUND_USERS + before + n),
      giveUpMs: GIVE_UP_MS,
    });
    // The page watches before anything is sent.
    await page.evaluate(() => null);
    writeLine(datagram, 'start', user, user);
    const sentAt = Date.now();
    socket.send(datagram, headcount.port, '127.0.0.1');
    const { at, frameMs } = await seen;
    delays.push(at - sentAt);
    frames.push(frameMs);
  }
  socket.close();
  // Marks are received besides.
  const { lost } = await load;
  const p99 = percentile(delays, 0.99);
  bench.say(`  ${what}: p99 ${p99} ms, p50 ${percentile(delays, 0.5)} ms`);
  return {
    what: `event to pixel, ${what} at ${rate}/s, p99 of ${marks} (p50, most)`,
    target: `< ${TARGET_MS} ms`,
    measured: `${p99} ms (${percentile(delays, 0.5)}, ${percentile(delays, 1)})`,
    yardstick: `two frames of it p50 ${percentile(frames, 0.5).toFixed(0)} ms; lost ${lost + marks}`,
    met: p99 < TARGET_MS,
  };
}

/** Runs in the page. `frameMs`: from the change of the document to the second frame after it, which is part of `at`. */
function untilShown({
  selector,
  text,
  giveUpMs,
}: {
  readonly selector: string;
  readonly text: string;
  readonly giveUpMs: number;
}): Promise<{ at: number; frameMs: number }> {
  return new Promise((done, fail) => {
    const isThere = (): boolean => document.querySelector(selector)?.textContent?.includes(text) === true;
    const observer = new MutationObserver(() => {
      if (!isThere()) return;
      observer.disconnect();
      const changedAt = Date.now();
      requestAnimationFrame(() => {
        requestAnimationFrame(() => done({ at: Date.now(), frameMs: Date.now() - changedAt }));
      });
    });
    observer.observe(document.body, { subtree: true, childList: true, characterData: true });
    setTimeout(() => fail(new Error(`${text} never stood in ${selector}`)), giveUpMs);
  });
}
