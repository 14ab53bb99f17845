import { existsSync } from 'node:fs';
import { type Browser, type CDPSession, chromium, type Page } from 'playwright-core';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Debian's Chromium; to be closed. */
export function launchChromium(): Promise<Browser> {
  const executablePath = PLACES.find((path) => existsSync(path));
  if (executablePath === undefined) throw new Error('this needs Chromium (apt-get install chromium)');
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
}

/** A page in a window of its own, with nothing in its cache. */
export interface Opened {
  readonly page: Page;
  /** Seconds of CPU that its script took, and all of its main thread, since it was opened. */
  busy(): Promise<{ readonly script: number; readonly task: number }>;
  /** What is left after a collection of garbage. */
  kept(): Promise<{ readonly heapBytes: number; readonly nodes: number; readonly listeners: number }>;
  close(): Promise<void>;
}

/** `before`: script that runs before that of the page. */
export async function openPage(browser: Browser, url: string, before = ''): Promise<Opened> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  if (before !== '') await page.addInitScript(before);
  const cdp = await context.newCDPSession(page);
  // Time of the thread on a core: on a busy machine the time of a clock says how long others had it.
  await cdp.send('Performance.enable', { timeDomain: 'threadTicks' });
  await page.goto(url);
  return {
    page,
    async busy() {
      const metrics = await metricsOf(cdp);
      return { script: metrics('ScriptDuration'), task: metrics('TaskDuration') };
    },
    async kept() {
      await cdp.send('HeapProfiler.collectGarbage');
      const metrics = await metricsOf(cdp);
      const [heapBytes, nodes] = [metrics('JSHeapUsedSize'), metrics('Nodes')];
      return { heapBytes, nodes, listeners: metrics('JSEventListeners') };
    },
    close: () => context.close(),
  };
}

async function metricsOf(cdp: CDPSession): Promise<(name: string) => number> {
  const { metrics } = await cdp.send('Performance.getMetrics');
  const values = new Map(metrics.map(({ name, value }) => [name, value]));
  return (name) => values.get(name) ?? Number.NaN;
}
