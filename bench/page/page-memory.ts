import { setTimeout as sleep } from 'node:timers/promises';
import { startHeadcount } from '../headcount.ts';
import { measureLoad } from '../measure.ts';
import type { Bench, Row, Scenario } from '../scenario.ts';
import { median } from '../statistics.ts';
import { launchChromium, type Opened, openPage } from './chromium.ts';

const HOURS = 8;
const TIMES = 48;
const RATE = 20;
const USERS = 2_000;
const READINGS = 12;
/** Of all that is read, until every list is full and everything hot is compiled. */
const WARM = 3;
const MOST_GROWTH = 1.05;
const MIB = 1_048_576;

export const pageMemory: Scenario = {
  name: 'page-memory',
  method:
    `what a live page keeps after a collection of garbage, over ${HOURS} hours in a ${TIMES}th of the time: its timers of a second and ` +
    `longer run ${TIMES} times as fast, and each message of counts is told it ${TIMES} times; ${RATE} events/s come as they are`,
  async run(bench) {
    const folder = bench.processes.createFolder();
    const headcount = await startHeadcount(bench, folder);
    const forMs = (bench.quick ? 2 : HOURS * 60) * (60_000 / TIMES);
    const stream = { type: 'life', users: USERS, from: 0 } as const;
    const count = Math.ceil((RATE * (forMs + 30_000)) / 1_000);
    const load = measureLoad(bench, headcount, { stream, count, rate: RATE });
    const browser = await launchChromium();
    const page = await openPage(browser, `${headcount.api}/`, `(${hurry})(${TIMES})`);
    const readings = await readEvery(bench, page, forMs / READINGS);
    await browser.close();
    await load;
    await headcount.stop();
    bench.processes.removeFolder(folder);
    return [rowOf(readings)];
  },
};

type Kept = Awaited<ReturnType<Opened['kept']>>;

async function readEvery(bench: Bench, page: Opened, everyMs: number): Promise<Kept[]> {
  const readings: Kept[] = [];
  for (let n = 0; n < READINGS; n += 1) {
    await sleep(everyMs);
    const kept = await page.kept();
    readings.push(kept);
    const { heapBytes, nodes, listeners } = kept;
    bench.say(`  ${(heapBytes / MIB).toFixed(2)} MiB, ${nodes} nodes, ${listeners} listeners`);
  }
  return readings;
}

/** The last readings against the first after the warm ones: a leak is in all of them, garbage of the moment is not. */
function rowOf(readings: readonly Kept[]): Row {
  const live = readings.slice(WARM);
  const [first, last] = [live.slice(0, 3), live.slice(-3)];
  const of = (some: readonly Kept[], what: keyof Kept) => median(some.map((kept) => kept[what]));
  const heap = [of(first, 'heapBytes'), of(last, 'heapBytes')] as const;
  const all = live.map(({ heapBytes }) => heapBytes / MIB);
  const grown = (what: keyof Kept): string => `${what} ${of(first, what)} to ${of(last, what)}`;
  return {
    what: `growth of a live page over ${HOURS} h, heap of the last three readings / the first three`,
    target: `<= ${MOST_GROWTH}`,
    measured: `${(heap[1] / heap[0]).toFixed(3)} (${(heap[0] / MIB).toFixed(2)} to ${(heap[1] / MIB).toFixed(2)} MiB)`,
    yardstick: `all readings ${Math.min(...all).toFixed(2)}-${Math.max(...all).toFixed(2)} MiB; ${grown('nodes')}, ${grown('listeners')}`,
    met: heap[1] / heap[0] <= MOST_GROWTH && of(last, 'listeners') <= of(first, 'listeners') * MOST_GROWTH,
  };
}

/** Runs in the page, before its own script. Times below a second are of what one person does, or of the connection to the real server, and stay. */
function hurry(times: number): void {
  const shortened = (ms: number | undefined): number | undefined =>
    ms !== undefined && ms >= 1_000 ? ms / times : ms;
  const page = globalThis as unknown as {
    setTimeout(run: () => void, ms?: number, ...more: unknown[]): number;
    setInterval(run: () => void, ms?: number, ...more: unknown[]): number;
    fetch: typeof fetch;
  };
  const { setTimeout: timeout, setInterval: interval, fetch: ask } = page;
  page.setTimeout = (run, ms, ...more) => timeout(run, shortened(ms), ...more);
  page.setInterval = (run, ms, ...more) => interval(run, shortened(ms), ...more);
  page.fetch = async (...request) => {
    const answer = await ask(...request);
    if (!answer.headers.get('content-type')?.startsWith('text/event-stream') || answer.body === null)
      return answer;
    let rest = '';
    const repeated = new TransformStream<string, string>({
      transform(text, controller) {
        const messages = (rest + text).split('\n\n');
        rest = messages.pop() ?? '';
        for (const message of messages) {
          const isCounts = message.startsWith('event: counts');
          controller.enqueue(`${message}\n\n`.repeat(isCounts ? times : 1));
        }
      },
    });
    const body = answer.body
      .pipeThrough(new TextDecoderStream())
      .pipeThrough(repeated)
      .pipeThrough(new TextEncoderStream());
    return new Response(body, { headers: answer.headers });
  };
}
