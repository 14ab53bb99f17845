import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sinkSchemas } from '../../sinks/index.ts';
import { Delivery } from '../../src/delivery/delivery.ts';
import { DeliveryStore } from '../../src/delivery/delivery-store.ts';
import { StoredSite } from '../journal/stored-site.ts';
import { until } from '../program/program.ts';
import { EPOCH, SETTINGS } from '../sessions/model/event-arbitrary.ts';
import { applyVisits } from './visits.ts';

/** Much longer than it takes, and not for ever. */
const STOP_WITHIN_MS = 20_000;

let stored: StoredSite;
let deliveries: Delivery;
let printed: string[];
let troubles: string[];
let whenPrinted: () => Promise<void>;

/** `sinks`: the settings of each, as in the configuration, by its name. */
function deliveriesTo(sinks: Record<string, object>): Delivery {
  return new Delivery(
    {
      directory: stored.directory,
      sinks: Object.entries(sinks).map(([name, settings]) => ({ name, config: sinkSchemas.parse(settings) })),
      folder: stored.directory,
      site: 'main',
      sinkModule: new URL('../../sinks/index.ts', import.meta.url).href,
      appNames: new Map(),
      blacklist: [],
    },
    {
      print: (text) => {
        printed.push(text);
        return whenPrinted();
      },
      trouble: (_sink, reason) => troubles.push(reason),
      setAside: () => {},
      news: () => {},
      undelivered: () => {},
      report: () => {
        throw new Error('no sink here wants one');
      },
    },
  );
}

beforeEach(() => {
  stored = new StoredSite(SETTINGS);
  applyVisits(stored, 5, EPOCH);
  printed = [];
  troubles = [];
  whenPrinted = async () => {};
  const settings = { type: 'console', batchSize: 2, interval: '10ms', timeout: '200ms' };
  deliveries = deliveriesTo({ first: settings, second: settings });
});
afterEach(async () => {
  await deliveries.stop();
  stored.dispose();
});

const stats = (fits: (pending: number, up: boolean) => boolean) =>
  until(
    async () => deliveries.stats,
    (sinks) => sinks.length === 2 && sinks.every(({ pending, up }) => fits(pending, up)),
  );

async function stopMs(): Promise<number> {
  const began = performance.now();
  await deliveries.stop();
  return performance.now() - began;
}

describe('the delivery thread', () => {
  it('counts text as delivered when it is out, not when it was handed over', async () => {
    whenPrinted = () => new Promise(() => {});
    deliveries.start();
    const sinks = await stats((_, up) => !up);
    expect(sinks[0]).toMatchObject({ delivered: 0, lastError: 'standard output is not read' });
    expect(await stopMs()).toBeLessThan(STOP_WITHIN_MS);
  });

  it('waits neither for a file that another process holds, nor with the stop', async () => {
    new DeliveryStore(stored.directory).close();
    deliveries.start();
    await stats((pending) => pending === 0);
    const other = new DatabaseSync(join(stored.directory, 'delivery.db'));
    other.exec('BEGIN IMMEDIATE');
    applyVisits(stored, 5, EPOCH + 60_000);
    await stats((_, up) => !up);
    expect(troubles).toContainEqual(expect.stringContaining('delivery.db: database is locked'));
    expect(await stopMs()).toBeLessThan(STOP_WITHIN_MS);
    other.close();
  });

  it('says that no sink is up where it cannot start, and starts when it can', async () => {
    writeFileSync(join(stored.directory, 'delivery.db'), 'not a database at all');
    deliveries.start();
    const sinks = await stats((_, up) => !up);
    expect(sinks).toMatchObject([
      { name: 'first', lastError: expect.stringContaining('not a database') },
      { name: 'second' },
    ]);
    writeFileSync(join(stored.directory, 'delivery.db'), '');
    await stats((pending, up) => up && pending === 0);
  });

  it.skipIf(process.platform === 'win32')('is ended where a sink does not listen', async () => {
    const file = join(stored.directory, 'ca.pem');
    // Whoever opens it waits until somebody writes.
    execFileSync('mkfifo', [file]);
    deliveries = deliveriesTo({ deaf: { type: 'questdb', url: 'https://127.0.0.1:1', tls: { ca: file } } });
    deliveries.start();
    await until(
      async () => deliveries.stats,
      (sinks) => sinks.length === 1,
    );
    const ms = await stopMs();
    closeSync(openSync(file, constants.O_RDWR | constants.O_NONBLOCK));
    expect(ms).toBeLessThan(STOP_WITHIN_MS);
  });
});
