import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CHROMIUM, launchBrowser } from '../../page/browser/browser.ts';
import { Program, ProgramFolder, until } from '../../program/program.ts';

const BUNDLE = readFileSync(
  join(import.meta.dirname, '../../../node_modules/@exceptionless/browser/dist/index.bundle.min.js'),
);
const KEY = 'a-browser-key-0123456789';
const READ = { authorization: 'Bearer a-reading-key-0123456789' };
const TOKENS = `port: 0, tokens: [ { name: Shop.Example, token: ${KEY}, scopes: [ ingest ], application: { name: Shop, virtualProxy: /shop, sessions: { grace: 1s } } }, { name: reader, token: a-reading-key-0123456789 } ]`;

const HTML = `<!doctype html><title>A shop</title><script type="module">
  import { Exceptionless } from '/client.js';
  const query = new URLSearchParams(location.search);
  await Exceptionless.startup((config) => {
    config.apiKey = '${KEY}';
    config.serverUrl = query.get('server');
    config.useSessions(true, 60_000, query.has('ids'));
    if (query.has('user')) config.setUserIdentity(query.get('user'), 'Some One');
  });
  await Exceptionless.processQueue();
  globalThis.client = Exceptionless;
  document.title = 'ready';
</script>`;

interface Found {
  readonly id: string;
  readonly [field: string]: unknown;
}

describe.skipIf(CHROMIUM === null)('the real client in a page of another origin', () => {
  let folder: ProgramFolder;
  let program: Program;
  let browser: Browser;
  const complaints: string[] = [];
  const shop = createServer((request, response) => {
    const isScript = request.url === '/client.js';
    response.writeHead(200, { 'content-type': isScript ? 'text/javascript' : 'text/html' });
    response.end(isScript ? BUNDLE : HTML);
  });
  beforeAll(async () => {
    folder = new ProgramFolder('', '  - { type: exceptionless }\n', TOKENS);
    await new Promise<void>((listening) => shop.listen(0, '127.0.0.1', listening));
    [program, browser] = await Promise.all([Program.start(folder), launchBrowser()]);
  });
  afterAll(async () => {
    await browser?.close();
    await program?.end('SIGKILL');
    shop.closeAllConnections();
    shop.close();
    folder.dispose();
  });

  async function open(query: string): Promise<Page> {
    const page = await (await browser.newContext()).newPage();
    page.on('pageerror', ({ message }) => complaints.push(message));
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    const { port } = shop.address() as AddressInfo;
    await page.goto(`http://localhost:${port}/?server=${encodeURIComponent(program.api)}&${query}`);
    await page.waitForFunction(() => document.title === 'ready');
    return page;
  }

  async function ask<T>(path: string): Promise<T> {
    const response = await fetch(program.api + path, { headers: READ });
    return (await response.json()) as T;
  }

  async function sessionsOf(user: string): Promise<readonly Found[]> {
    return (await ask<{ items: Found[] }>(`/api/v1/sessions?user=${encodeURIComponent(user)}`)).items;
  }

  const did = (page: Page, what: string) =>
    page.evaluate(async (source) => {
      const { client } = globalThis as unknown as { client: Client };
      await client.submitFeatureUsage(source);
      await client.processQueue();
    }, what);

  it('has its session and its notes, and the browser complains of nothing', async () => {
    const page = await open('user=anna');
    await did(page, 'basket');
    const [session] = await until(
      () => sessionsOf('anna'),
      (found) => found.length === 1,
    );
    expect(session).toMatchObject({
      host: 'shop-example',
      virtualProxy: '/shop',
      startExact: true,
      endedAt: null,
    });
    expect(String(session?.['browser'])).toContain('Chrome');
    const one = await ask<{ timeline: Found[] }>(`/api/v1/sessions/${session?.id}`);
    expect(one.timeline.map(({ kind, source, context, appId }) => [kind, source, context, appId])).toEqual([
      ['session_start', null, '/', 'Shop'],
      ['note', 'basket', '/', 'Shop'],
    ]);
    await page.context().close();
    expect(complaints).toEqual([]);
  });

  it('goes on with its session when its page is loaded again, and is heard when it is closed', async () => {
    const page = await open('user=bob');
    await until(
      () => sessionsOf('bob'),
      (found) => found.length === 1,
    );
    await page.reload();
    await page.waitForFunction(() => document.title === 'ready');
    await did(page, 'again');
    const [again, ...others] = await until(
      () => sessionsOf('bob'),
      ([found]) => found?.['endedAt'] === null,
    );
    expect(others).toEqual([]);
    expect(again).toMatchObject({ endReason: null });
    await page.close({ runBeforeUnload: true });
    await until(
      () => sessionsOf('bob'),
      ([found]) => found?.['endReason'] === 'stop',
    );
  });

  it('has a session of its own id whose user is known later', async () => {
    const page = await open('ids');
    await page.evaluate(() => {
      const { client } = globalThis as unknown as { client: Client };
      client.config.setUserIdentity('late', 'Some One');
    });
    await did(page, 'basket');
    const found = await until(
      () => sessionsOf('late'),
      (sessions) => sessions.length === 1,
    );
    expect(found).toMatchObject([{ startExact: true, endedAt: null }]);
    await page.context().close();
  });

  it('is among those whom a stop of its host would hit, until its own time-out', async () => {
    const page = await open('user=dora');
    await until(
      () => sessionsOf('dora'),
      (found) => found.length === 1,
    );
    const { items } = await ask<{ items: Found[] }>('/api/v1/impact?host=shop-example');
    const hit = items.find(({ user }) => (user as { readonly id: string } | null)?.id === 'dora');
    const left = Date.parse(String(hit?.['timesOutAt'])) - Date.parse(String(hit?.['lastActivityAt']));
    expect(left).toBeGreaterThanOrEqual(300_000);
    expect(left).toBeLessThan(330_000);
    await page.context().close();
  });

  it('a page of another origin can do nothing else with its key', async () => {
    const page = await open('user=carl');
    const status = await page.evaluate(
      async ([api, key]) => {
        const asked = fetch(`${api}/api/v1/sessions`, { headers: { authorization: `Bearer ${key}` } });
        return asked.then(({ status }) => status).catch(() => 'no answer');
      },
      [program.api, KEY] as const,
    );
    expect(status).toBe('no answer');
    await page.context().close();
  });
});

/** What the page has of the client. */
interface Client {
  readonly config: { setUserIdentity(identity: string, name: string): void };
  submitFeatureUsage(source: string): Promise<void>;
  processQueue(): Promise<void>;
}
