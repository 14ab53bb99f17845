import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PoisonRowError } from '../../src/contract/sink.ts';
import { Retention } from '../../src/journal/write/retention.ts';
import { StoredSite } from '../journal/stored-site.ts';
import { EPOCH, SETTINGS } from '../sessions/model/event-arbitrary.ts';
import { DeliveryUnderTest, TableSink } from './delivery-loop-under-test.ts';
import { applyVisits } from './visits.ts';

const DAY = 86_400_000;
const LATER = EPOCH + 50 * DAY;

let stored: StoredSite;
const toDispose: DeliveryUnderTest[] = [];
beforeEach(() => {
  stored = new StoredSite(SETTINGS);
  stored.site.started(0);
});
afterEach(() => {
  for (const each of toDispose.splice(0)) each.dispose();
  stored.dispose();
});

function deliveryTo(sink: TableSink): DeliveryUnderTest {
  const under = new DeliveryUnderTest(stored, sink);
  toDispose.push(under);
  return under;
}

/** Deletes what is old on the day `LATER` and need not be kept for the sake of this delivery. */
function retain(under: DeliveryUnderTest): void {
  const retention = new Retention(stored.database, { retentionMs: 10 * DAY, maxBytes: 1e15 });
  retention.undelivered = under.undelivered();
  for (let steps = 0; retention.step(LATER); steps += 1) if (steps > 1_000) throw new Error('never done');
}

const eventsLeft = () => stored.database.prepare('SELECT count(*) AS n FROM events').get()?.['n'];

describe('a sink that wants some of the tables', () => {
  it('gets rows of those alone, and the books count those alone', async () => {
    applyVisits(stored, 10, EPOCH);
    const sink = new TableSink('table', ['sessions', 'session_counts']);
    const under = deliveryTo(sink);
    await under.deliver();
    expect(sink.kept.session_events.size).toBe(0);
    expect(sink.kept.sessions.size).toBe(10);
    const { tables, delivered, pending } = under.stats();
    expect(tables.map(({ table }) => table)).toEqual(['sessions', 'session_counts']);
    expect(delivered).toBe(tables.reduce((sum, { rows }) => sum + rows, 0));
    expect(pending).toBe(0);
    under.checkIdentity();
  });

  it('does not wait for rows that it does not want', async () => {
    const under = deliveryTo(new TableSink('table', ['session_events']));
    applyVisits(stored, 10, EPOCH);
    await under.deliver();
    expect(under.stats()).toMatchObject({ pending: 0, lagSeconds: 0, tables: [{ rows: 20, delivered: 20 }] });
  });

  it('holds up retention with those alone', () => {
    applyVisits(stored, 10, EPOCH);
    applyVisits(stored, 1, LATER);
    const counts = new TableSink('counts', ['session_counts']);
    retain(deliveryTo(counts));
    expect(eventsLeft()).toBe(2);
  });

  it('holds up retention for what one of two sinks wants', async () => {
    applyVisits(stored, 10, EPOCH);
    applyVisits(stored, 1, LATER);
    retain(deliveryTo(new TableSink('events', ['session_events'])));
    expect(eventsLeft()).toBe(22);
  });

  it('is sent again only what it wants', async () => {
    applyVisits(stored, 10, EPOCH);
    const sink = new TableSink('table', ['sessions']);
    const under = deliveryTo(sink);
    await under.deliver();
    sink.kept.sessions.clear();
    under.store.requestResend('table', EPOCH);
    await under.deliver();
    expect([sink.kept.session_events.size, sink.kept.sessions.size]).toEqual([0, 10]);
    under.checkIdentity();
  });
});

describe('a sink that no longer wants a table', () => {
  it('has it neither in its books nor kept for it, and goes on from the oldest there is when it wants it again', async () => {
    applyVisits(stored, 10, EPOCH);
    const all = new TableSink();
    await deliveryTo(all).deliver();
    applyVisits(stored, 5, EPOCH + DAY);
    applyVisits(stored, 1, LATER);

    const fewer = deliveryTo(new TableSink('table', ['session_counts']));
    await fewer.deliver();
    expect(fewer.stats().tables.map(({ table }) => table)).toEqual(['session_counts']);
    retain(fewer);
    expect(eventsLeft()).toBe(2);

    const again = deliveryTo(all);
    await again.deliver();
    expect(all.taken).toEqual([...Array.from({ length: 20 }, (_, n) => n + 1), 31, 32]);
    expect(again.stats().tables[0]).toMatchObject({ rows: 32, delivered: 22, dropped: { retention: 10 } });
    again.checkIdentity();
  });

  it('gets rows of it that were set aside once it wants it again', async () => {
    applyVisits(stored, 2, EPOCH);
    const all = new TableSink();
    all.onWrite = async ({ table }, take) => {
      if (table === 'session_events') throw new PoisonRowError(0, 'not a number');
      take();
    };
    const before = deliveryTo(all);
    await before.deliver();
    expect(before.stats().deadLettered).toBe(4);
    before.store.retry('table', null);

    const fewer = deliveryTo(new TableSink('table', ['sessions']));
    await fewer.deliver(() => fewer.pauses.length > 3);
    expect(fewer.stats().deadLettered).toBe(0);

    all.onWrite = async (_batch, take) => take();
    const again = deliveryTo(all);
    await again.deliver();
    expect(all.taken).toEqual([1, 2, 3, 4]);
    expect(again.stats()).toMatchObject({ deadLettered: 0, pending: 0 });
    again.checkIdentity();
  });
});
