import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { platform, tmpdir } from 'node:os';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keptNamesFile, readKeptNames, writeKeptNames } from '../../src/app-names/kept-names.ts';
import { QrsNames } from '../../src/app-names/qrs-names.ts';
import { until } from '../program/program.ts';
import { app, StandInQrs, settingsFor } from './stand-in-qrs.ts';

const START = Date.parse('2026-11-28T10:00:00Z');
const SECOND = 1000;
const MINUTE = 60 * SECOND;

let store: string;
let qrs: StandInQrs;
let running: NamesUnderTest | null = null;
beforeEach(async () => {
  store = mkdtempSync(`${tmpdir()}/headcount-names-`);
  qrs = await StandInQrs.start();
});
afterEach(async () => {
  await running?.names.stop();
  running = null;
  await qrs.stop();
  rmSync(store, { recursive: true });
});

/** `QrsNames` in a world whose time stands still between two calls of `after`. */
class NamesUnderTest {
  now = START;
  byId: ReadonlyMap<string, string> = new Map();
  changes = 0;
  open: string[] = [];
  readonly said: string[] = [];
  readonly names: QrsNames;
  #wake: (() => void) | null = null;

  constructor(more: object = {}) {
    this.names = new QrsNames({
      settings: settingsFor(qrs, more),
      folder: '.',
      store,
      log: {
        info: (_, message) => this.said.push(message),
        warn: (_, message) => this.said.push(message),
      },
      trouble: (kind, sample) => this.said.push(`${kind}: ${sample}`),
      openApps: () => this.open,
      isNamed: (appId) => this.byId.has(appId),
      changed: (byId) => {
        this.byId = byId;
        this.changes += 1;
      },
      world: {
        now: () => this.now,
        wait: (_, signal) =>
          new Promise((resolve) => {
            if (signal.aborted) resolve();
            this.#wake = resolve;
            signal.addEventListener('abort', () => resolve());
          }),
        timeout: (ms) => AbortSignal.timeout(ms),
        createKey: () => 'abcdefghijklmnop',
      },
    });
  }

  async start(): Promise<this> {
    running = this;
    this.names.start();
    await this.#settled();
    return this;
  }

  /** Lets time pass; resolves when what is due then is done. */
  async after(ms: number): Promise<void> {
    this.now += ms;
    this.#wake?.();
    this.#wake = null;
    await this.#settled();
  }

  #settled(): Promise<unknown> {
    return until(
      async () => this.#wake,
      (wake) => wake !== null,
    );
  }
}

const asked = () => qrs.keys.length;

describe('names that QRS tells', () => {
  it('are asked for at the start and each interval, and tell of a change only', async () => {
    qrs.apps = [app('ID-1', 'Sales')];
    const site = await new NamesUnderTest({ interval: '10m' }).start();
    expect([...site.byId]).toEqual([['id-1', 'Sales']]);
    await site.after(9 * MINUTE);
    expect([asked(), site.changes]).toEqual([1, 1]);
    await site.after(MINUTE);
    expect([asked(), site.changes]).toEqual([2, 1]);
    qrs.apps = [app('ID-1', 'Sales of today')];
    await site.after(10 * MINUTE);
    expect([asked(), site.changes, site.byId.get('id-1')]).toEqual([3, 2, 'Sales of today']);
    expect(site.said).toEqual(['QRS told the names of apps']);
  });

  it('are asked for when an app is open that has none, at most once a minute, and once for what QRS does not know', async () => {
    const site = await new NamesUnderTest().start();
    site.open = ['new'];
    qrs.apps = [app('new', 'Brand new')];
    await site.after(59 * SECOND);
    expect(asked()).toBe(1);
    await site.after(SECOND);
    expect([asked(), site.byId.get('new')]).toEqual([2, 'Brand new']);

    site.open = ['new', 'made up'];
    await site.after(MINUTE);
    expect(asked()).toBe(3);
    for (let minute = 0; minute < 10; minute += 1) await site.after(MINUTE);
    expect(asked()).toBe(3);
    site.open = Array.from({ length: 20_000 }, (_, n) => `made up ${n}`);
    await site.after(MINUTE);
    await site.after(MINUTE);
    expect(asked()).toBe(4);
  });

  it('stay when an app is deleted, because history has it', async () => {
    qrs.apps = [app('1', 'Sales'), app('2', 'Stock')];
    const site = await new NamesUnderTest({ interval: '1m' }).start();
    qrs.apps = [app('2', 'Stock')];
    await site.after(MINUTE);
    expect([asked(), site.byId.get('1')]).toEqual([2, 'Sales']);
  });

  it('are those that were kept while QRS is away, which is said each minute, and its end', async () => {
    qrs.apps = [app('1', 'Sales')];
    const before = await new NamesUnderTest().start();
    await before.names.stop();

    qrs.fault = { status: 503 };
    const site = await new NamesUnderTest().start();
    expect(site.byId.get('1')).toBe('Sales');
    expect(site.names.stats).toMatchObject({
      askedAt: '2026-11-28T10:00:00.000Z',
      answeredAt: '2026-11-28T10:00:00.000Z',
      names: 1,
      error: expect.stringContaining('it failed on its side (status 503)'),
    });
    await site.after(59 * SECOND);
    expect(site.said).toHaveLength(1);
    await site.after(SECOND);
    expect(site.said).toHaveLength(2);
    expect(site.said[0]).toMatch(
      /^QRS does not tell the names of apps, those that are known stay: 127\.0\.0\.1:/,
    );

    qrs.fault = null;
    await site.after(MINUTE);
    expect(site.said.at(-1)).toBe('QRS told the names of apps');
    expect(site.names.stats.error).toBeNull();
  });

  it('are kept in a file that only the owner reads and that is never half written', async () => {
    qrs.apps = [app('1', 'Sales')];
    writeFileSync(`${keptNamesFile(store)}.next`, 'left over by a run that was killed');
    await new NamesUnderTest().start();
    expect(readdirSync(store)).toEqual(['apps-qrs.json']);
    if (platform() !== 'win32') expect(statSync(keptNamesFile(store)).mode & 0o777).toBe(0o600);
    expect(readKeptNames(store)).toEqual({ answeredAt: START, byId: new Map([['1', 'Sales']]) });
  });

  it.each(['', '{', '[]', '{"answeredAt":"x","apps":[]}', '{"apps":[["1"]]}'])(
    'are asked for although the file of those that were kept is %j',
    async (text) => {
      writeFileSync(keptNamesFile(store), text);
      qrs.apps = [app('1', 'Sales')];
      const site = await new NamesUnderTest().start();
      expect(site.said[0]).toBe('the names of apps that were kept cannot be read; QRS is asked');
      expect(site.byId.get('1')).toBe('Sales');
    },
  );

  it('are used although they cannot be kept', async () => {
    qrs.apps = [app('1', 'Sales')];
    rmSync(store, { recursive: true });
    const site = await new NamesUnderTest().start();
    expect(site.byId.get('1')).toBe('Sales');
    expect(site.said.at(-1)).toMatch(/^the names of apps cannot be kept on the disk: ENOENT/);
    store = mkdtempSync(`${tmpdir()}/headcount-names-`);
  });

  it('are not asked for any more after a stop, which ends a question that is under way', async () => {
    qrs.fault = 'hang';
    const site = new NamesUnderTest();
    running = site;
    site.names.start();
    await until(
      async () => asked(),
      (count) => count === 1,
    );
    await site.names.stop();
    await site.names.stop();
    expect([site.said, asked()]).toEqual([[], 1]);
  });

  it('may be none at all', async () => {
    expect(readKeptNames(store)).toBeNull();
    await writeKeptNames(store, { answeredAt: START, byId: new Map() });
    expect(readKeptNames(store)?.byId.size).toBe(0);
  });
});
