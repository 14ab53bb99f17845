import { cpSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { PoisonRowError } from '../../src/contract/sink.ts';
import { DeliveryStore } from '../../src/delivery/delivery-store.ts';
import { StoredSite } from '../journal/stored-site.ts';
import { EPOCH, SETTINGS } from '../sessions/model/event-arbitrary.ts';
import { DeliveryUnderTest, TableSink } from './delivery-loop-under-test.ts';
import { applyVisits } from './visits.ts';

let stored: StoredSite;
let sink: TableSink;
let under: DeliveryUnderTest;
beforeEach(() => {
  stored = new StoredSite(SETTINGS);
  sink = new TableSink();
  under = new DeliveryUnderTest(stored, sink);
});
afterEach(() => {
  under.dispose();
  stored.dispose();
});

function copyDeliveryFile(from: StoredSite, to: StoredSite): void {
  for (const file of readdirSync(from.directory)) {
    if (file.startsWith('delivery.db')) cpSync(join(from.directory, file), join(to.directory, file));
  }
}

describe('cursors of a journal that was replaced', () => {
  test('are not taken for those of the new one', async () => {
    applyVisits(stored, 20, EPOCH);
    await under.deliver();
    const fresh = new StoredSite(SETTINGS);
    copyDeliveryFile(stored, fresh);
    // What the first journal had delivered is as much as the second has.
    applyVisits(fresh, 20, EPOCH);
    const second = new TableSink();
    const other = new DeliveryUnderTest(fresh, second, {}, 'second');
    await other.deliver();
    expect(second.kept.session_events.size).toBe(40);
    other.checkIdentity();
    other.dispose();
    fresh.dispose();
  });

  test('leave what they had set aside in a file of its own', async () => {
    applyVisits(stored, 2, EPOCH);
    sink.onWrite = async ({ rows }, take) => {
      const place = rows.findIndex((row) => 'seq' in row && row.seq === 2);
      if (place >= 0) throw new PoisonRowError(place, 'not a number');
      take();
    };
    await under.deliver();
    for (let n = 0; n < 2; n += 1) {
      DeliveryStore.of(stored.directory, 'second').close();
      const again = DeliveryStore.of(stored.directory, 'store');
      again.cursor('table', 'events', 1);
      again.setAside('table', 'events', 1, EPOCH, 'once more', '{}');
      again.close();
    }
    const kept = readdirSync(stored.directory).filter((file) => file.startsWith('delivery-store'));
    expect(kept).toEqual(['delivery-store-2.db', 'delivery-store.db']);
  });

  test('are kept where the journal is the same', () => {
    under.store.cursor('other', 'events', 5);
    const again = DeliveryStore.of(stored.directory, 'store');
    expect(again.cursor('other', 'events', 1)).toMatchObject({ first: 5 });
    again.close();
  });
});

describe('a journal that was put back from a backup', () => {
  /** As many visits again, in a journal that knows nothing of the last ones. */
  async function stepBack(visits: number, ...refused: number[]): Promise<void> {
    sink.onWrite = async ({ rows }, take) => {
      const place = rows.findIndex((row) => 'seq' in row && refused.includes(row.seq));
      if (place >= 0) throw new PoisonRowError(place, 'not a number');
      take();
    };
    applyVisits(stored, 20, EPOCH);
    await under.deliver();
    under.dispose();
    const backup = new StoredSite(SETTINGS);
    applyVisits(backup, visits, EPOCH);
    copyDeliveryFile(stored, backup);
    stored.dispose();
    stored = backup;
    sink = new TableSink();
    under = new DeliveryUnderTest(stored, sink);
  }

  test('delivers what it gets from then on, although its numbers had been delivered before', async () => {
    await stepBack(10);
    under.checkIdentity();
    applyVisits(stored, 5, EPOCH + 100_000);
    await under.deliver();
    expect(sink.taken).toEqual(Array.from({ length: 10 }, (_, n) => 21 + n));
    expect(sink.kept.sessions.size).toBe(5);
    under.checkIdentity();
  });

  test('counts what was set aside before and is still in it, and nothing else', async () => {
    await stepBack(10, 7, 33);
    expect(under.stats().tables[0]).toMatchObject({ rows: 20, delivered: 19, deadLettered: 1, pending: 0 });
    applyVisits(stored, 20, EPOCH + 100_000);
    await under.deliver();
    under.checkIdentity();
    expect(sink.kept.session_events.size).toBe(40);
  });

  test('that is older than the first row a sink ever got', async () => {
    await stepBack(0);
    applyVisits(stored, 3, EPOCH + 100_000);
    await under.deliver();
    expect(sink.taken).toEqual([1, 2, 3, 4, 5, 6]);
    under.checkIdentity();
  });
});
