import { existsSync } from 'node:fs';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { Program, ProgramFolder } from '../../program/program.ts';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

const NAVIGATION_MS = 180_000;

/** Where Chromium is on this machine. Without it its tests are skipped, but not in continuous integration. */
export const CHROMIUM = findChromium();

function findChromium(): string | null {
  const found = PLACES.find((path) => existsSync(path));
  if (found !== undefined) return found;
  const missing = 'Chromium is not installed (apt-get install chromium)';
  if (process.env['CI'] === 'true') throw new Error(missing);
  process.stderr.write(`skipped: ${missing}\n`);
  return null;
}

/** A real browser; to be closed. */
export function launchBrowser(): Promise<Browser> {
  if (CHROMIUM === null) throw new Error('no browser');
  // Root, which continuous integration is, may not have the sandbox.
  return chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
}

/** The program as shipped, and a browser before its page. */
export class PageUnderTest {
  readonly folder: ProgramFolder;
  program: Program;
  readonly browser: Browser;
  /** What the browser complained about: errors of scripts, refusals by the policy, files that were not there. */
  readonly complaints: string[] = [];

  private constructor(folder: ProgramFolder, program: Program, browser: Browser) {
    this.folder = folder;
    this.program = program;
    this.browser = browser;
  }

  /**
   * `extra`: more YAML of the configuration. `api`: the fields of `api`. `fill`: writes a store before the program opens it.
   * `receivers`: lines of YAML, one each.
   */
  static async start(
    extra = '',
    api?: string,
    fill: (store: string) => void = () => {},
    receivers = '',
  ): Promise<PageUnderTest> {
    const folder = new ProgramFolder(extra, receivers, api);
    fill(folder.store);
    const [program, browser] = await Promise.all([Program.start(folder), launchBrowser()]);
    return new PageUnderTest(folder, program, browser);
  }

  /** Opens the page in a window of its own. `search`: what is looked at, such as `?window=60s`. */
  async open(search = '', options: BrowserContextOptions = {}): Promise<Page> {
    const context = await this.browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
    const page = await context.newPage();
    // Fifty pages that open at once on two cores take a while.
    page.setDefaultNavigationTimeout(NAVIGATION_MS);
    page.on('pageerror', ({ message }) => this.complaints.push(message));
    page.on('console', (message) => {
      // That nobody answers, or that a token is needed, is said by the browser, too; the page says it itself.
      if (message.type() === 'error' && !/Failed to load resource|net::ERR/.test(message.text())) {
        this.complaints.push(message.text());
      }
    });
    await page.goto(`${this.program.api}/${search}`);
    return page;
  }

  /** Sends events of our own and waits until they are on the disk. */
  async post(items: readonly object[]): Promise<void> {
    const response = await fetch(`${this.program.api}/api/v1/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(items),
    });
    if (response.status !== 202) throw new Error(`${response.status} ${await response.text()}`);
  }

  /** Kills the program, and starts it again at the same addresses. */
  async restart(whileGone: () => Promise<void>): Promise<void> {
    const port = new URL(this.program.api).port;
    await this.program.end('SIGKILL');
    await whileGone();
    this.folder.write('', `port: ${port}`);
    this.program = await Program.start(this.folder);
  }

  async stop(): Promise<void> {
    await this.browser.close();
    await this.program.end('SIGKILL');
    this.folder.dispose();
  }
}

/** Somebody who logs in at a host, and opens apps there. */
export function visit(id: string, host: string, apps: readonly string[] = [], directory = 'LAB'): object[] {
  const user = { directory, id };
  return [
    { type: 'session_start', user, host },
    ...apps.map((appId) => ({ type: 'connection_open', user, host, appId })),
  ];
}

/** What stands in a card of the group "Now"; empty while there is none. */
export async function cardText(page: Page, label: string): Promise<string> {
  const cards = page.getByRole('group', { name: 'Now', exact: true });
  // Whoever polls waits by itself.
  const card = cards.getByRole('group', { name: label, exact: true });
  const [text = ''] = await card.locator('.figure').allTextContents();
  return text;
}
