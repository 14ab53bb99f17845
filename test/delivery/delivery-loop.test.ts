import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NeedsOperatorError, PoisonRowError } from '../../src/contract/sink.ts';
import { Retention } from '../../src/journal/write/retention.ts';
import { StoredSite } from '../journal/stored-site.ts';
import { EPOCH, SETTINGS } from '../sessions/model/event-arbitrary.ts';
import { DeliveryUnderTest, TableSink } from './delivery-loop-under-test.ts';
import { eventAt } from './visits.ts';

const DAY = 86_400_000;

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

/** Whole visits, each committed with the state behind it: 4 events, 1 session. */
function visits(count: number, from = EPOCH): void {
  for (let n = 0; n < count; n += 1) {
    const at = from + n * 1_000;
    stored.apply(eventAt('session_start', at, `u${n}`));
    stored.apply(eventAt('connection_open', at + 1, `u${n}`));
    stored.apply(eventAt('connection_close', at + 2, `u${n}`));
    stored.apply(eventAt('session_stop', at + 3, `u${n}`));
    stored.commit(at + 1_000, true);
  }
}

const refuses = (...seqs: number[]) => {
  sink.onWrite = async ({ rows }, take) => {
    const place = rows.findIndex((row) => 'seq' in row && seqs.includes(row.seq));
    if (place >= 0) throw new PoisonRowError(place, 'not a number');
    take();
  };
};

describe('a sink that takes everything', () => {
  it('gets every event in order, once, and the latest of every session', async () => {
    visits(300);
    await under.deliver();
    expect(sink.taken).toEqual(Array.from({ length: 1_200 }, (_, n) => n + 1));
    expect(sink.kept.sessions.size).toBe(300);
    for (const row of sink.kept.sessions.values())
      expect(row).toMatchObject({ endReason: 'stop', connections: 1 });
    expect(under.stats()).toEqual({
      name: 'table',
      type: 'table',
      up: true,
      ...{ delivered: 2_400, pending: 0, deadLettered: 0, dropped: {}, lagSeconds: 0, lastError: null },
      tables: [
        { table: 'session_events', rows: 1_200, delivered: 1_200, pending: 0, deadLettered: 0, dropped: {} },
        { table: 'sessions', rows: 300, delivered: 300, pending: 0, deadLettered: 0, dropped: {} },
        // Of all, of the host and of the app.
        { table: 'session_counts', rows: 900, delivered: 900, pending: 0, deadLettered: 0, dropped: {} },
        { table: 'session_snapshots', rows: 0, delivered: 0, pending: 0, deadLettered: 0, dropped: {} },
        { table: 'snapshot_sessions', rows: 0, delivered: 0, pending: 0, deadLettered: 0, dropped: {} },
      ],
    });
    under.checkIdentity();
  });

  it('is never offered two batches at once', async () => {
    visits(50);
    sink.onWrite = async (_batch, take) => {
      await new Promise((resolve) => setImmediate(resolve));
      take();
    };
    await under.deliver();
    expect(sink.mostUnderway).toBe(1);
  });

  it('gets the counts of each second in which something happened, with what was open after it', async () => {
    stored.site.started(0);
    for (let n = 0; n < 10; n += 1) {
      stored.apply(eventAt('session_start', EPOCH + n * 1_000, `u${n}`));
      stored.site.tick(EPOCH + (n + 1) * 1_000);
      stored.commit(EPOCH + (n + 1) * 1_000, true);
    }
    await under.deliver();
    const all = [...sink.kept.session_counts.values()].filter((row) => 'scope' in row && row.scope === 'all');
    expect(all).toMatchObject(
      Array.from({ length: 10 }, (_, n) => ({ at: EPOCH + n * 1_000, created: 1, active: n + 1 })),
    );
  });

  it('gets an event again when a late Start turns out to belong to it', async () => {
    stored.apply(eventAt('session_stop', EPOCH + 10_000, 'anna'));
    stored.commit(EPOCH + 10_000, true);
    await under.deliver();
    expect(sink.kept.session_events.get('store-1')).toMatchObject({ sessionId: null });
    stored.apply(eventAt('session_start', EPOCH, 'anna'));
    stored.commit(EPOCH + 11_000, true);
    await under.deliver();
    expect(sink.kept.session_events.get('store-1')).toMatchObject({ sessionId: 'store-1' });
    expect(sink.kept.session_events.size).toBe(2);
    under.checkIdentity();
  });

  it('that is new in an old store gets all of it', async () => {
    visits(20);
    await under.deliver();
    const late = new TableSink('late');
    const other = new DeliveryUnderTest(stored, late);
    await other.deliver();
    expect(late.kept).toEqual(sink.kept);
    other.dispose();
  });
});

describe('a sink that fails', () => {
  it('is offered the same rows again, after longer and longer pauses', async () => {
    visits(2);
    let failures = 6;
    sink.onWrite = async (_batch, take) => {
      if (failures-- > 0) throw new Error('away');
      take();
    };
    await under.deliver();
    expect(under.troubles).toEqual(new Array(6).fill('away'));
    expect(under.pauses.slice(0, 6)).toEqual([300, 600, 1_200, 2_400, 4_800, 9_600]);
    expect(sink.taken).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it('says so until it takes something again', async () => {
    visits(1);
    sink.onWrite = async () => {
      throw new Error('away');
    };
    await under.deliver(() => under.troubles.length > 2 && under.delivery.trouble !== null && lag());
    function lag(): boolean {
      expect(under.stats()).toMatchObject({ up: false, lastError: 'away', delivered: 0 });
      return under.stats().lagSeconds >= 0;
    }
  });

  it('is started again after a fault that needed an operator', async () => {
    visits(1);
    let refusals = 2;
    sink.onWrite = async ({ table }, take) => {
      if (table === 'session_events' && refusals-- > 0) throw new NeedsOperatorError('password refused');
      take();
    };
    await under.deliver();
    expect(sink.starts).toBe(3);
    expect(sink.taken).toHaveLength(4);
  });

  it('loses nothing and doubles nothing, however it fails and whenever we are killed', async () => {
    const fate = fc.constantFrom('take', 'take', 'take', 'fail', 'take and fail', 'poison', 'kill');
    await fc.assert(
      fc.asyncProperty(
        fc.array(fate, { maxLength: 60 }),
        fc.integer({ min: 1, max: 40 }),
        async (fates, batchSize) => {
          const site = new StoredSite(SETTINGS);
          const table = new TableSink();
          const tried = new DeliveryUnderTest(site, table, { batchSize });
          for (let n = 0; n < 12; n += 1) {
            const at = EPOCH + n * 500;
            site.apply(eventAt('session_start', at, `u${n % 5}`));
            site.apply(eventAt('session_stop', at + 100, `u${n % 3}`));
            site.commit(at, n % 2 === 0);
          }
          site.commit(EPOCH + 10_000, true);
          const poisoned = new Set<number>();
          let killed = false;
          table.onWrite = async ({ rows }, take) => {
            const next = fates.shift();
            if (next === 'kill') killed = true;
            if (next === 'fail' || next === 'kill') throw new Error('away');
            const bad = rows.findIndex((row) => 'seq' in row && poisoned.has(row.seq));
            if (bad >= 0) throw new PoisonRowError(bad, 'bad');
            const [first] = rows;
            if (
              next === 'poison' &&
              first !== undefined &&
              'seq' in first &&
              !table.taken.includes(first.seq)
            ) {
              poisoned.add(first.seq);
              throw new PoisonRowError(0, 'bad');
            }
            take();
            if (next === 'take and fail') throw new Error('reply lost');
          };
          while (tried.stats().pending > 0) {
            killed = false;
            await tried.deliver(() => killed || tried.stats().pending === 0);
            tried.checkIdentity();
          }
          const events = [...table.kept.session_events.values()].map((row) => ('seq' in row ? row.seq : 0));
          const wanted = Array.from({ length: 24 }, (_, n) => n + 1).filter((seq) => !poisoned.has(seq));
          expect(events.toSorted((a, b) => a - b)).toEqual(wanted);
          expect(tried.stats().tables[0]).toMatchObject({ deadLettered: poisoned.size });
          expect(table.kept.sessions.size).toBe(
            Number(site.database.prepare('SELECT count(*) AS n FROM sessions').get()?.['n']),
          );
          tried.dispose();
          site.dispose();
        },
      ),
      { numRuns: Number(process.env['PROPERTY_RUNS'] ?? 60) },
    );
  });
});

describe('a row that can never be taken', () => {
  it('is set aside with its reason, and everything else is delivered', async () => {
    visits(100);
    refuses(1, 57, 58, 400);
    await under.deliver();
    expect(sink.kept.session_events.size).toBe(396);
    expect([...under.store.list('table')]).toMatchObject(
      [1, 57, 58, 400].map((number) => ({ number, reason: 'not a number', state: 'dead', feed: 'events' })),
    );
    expect(under.stats()).toMatchObject({ deadLettered: 4, pending: 0 });
    under.checkIdentity();
  });

  it('is found also where a sink names the last of several first', async () => {
    visits(20);
    const bad = [7, 9, 40];
    sink.onWrite = async ({ rows }, take) => {
      const place = rows.findLastIndex((row) => 'seq' in row && bad.includes(row.seq));
      if (place >= 0) throw new PoisonRowError(place, 'not a number');
      take();
    };
    await under.deliver();
    expect([...under.store.list('table')].map(({ number }) => number)).toEqual(bad);
    expect(sink.kept.session_events.size).toBe(77);
    under.checkIdentity();
  });

  it('is delivered when it is tried again after the repair', async () => {
    visits(10);
    refuses(7, 9);
    await under.deliver();
    under.store.retry('table', null);
    await under.deliver();
    expect(under.stats().deadLettered).toBe(2);
    sink.onWrite = async (_batch, take) => take();
    under.store.retry('table', null);
    await under.deliver();
    expect(sink.kept.session_events.size).toBe(40);
    expect(under.stats()).toMatchObject({ deadLettered: 0, pending: 0 });
    under.checkIdentity();
  });

  it('stays counted when the operator drops it', async () => {
    visits(10);
    refuses(7);
    await under.deliver();
    expect(under.store.drop('table', null)).toBe(1);
    expect(under.stats()).toMatchObject({ deadLettered: 0, dropped: { operator: 1 } });
    expect([...under.store.list(null)]).toEqual([]);
    under.checkIdentity();
  });

  it('is not set aside when it is one of very many, because then the table is wrong', async () => {
    visits(100);
    sink.onWrite = async ({ table }, take) => {
      if (table === 'session_events') throw new PoisonRowError(0, 'no such column');
      take();
    };
    await under.deliver(() => under.troubles.some((trouble) => trouble.includes('one row in a hundred')));
    expect(under.stats().deadLettered).toBe(20);
    under.checkIdentity();
    sink.onWrite = async (_batch, take) => take();
    under.store.retry('table', null);
    await under.deliver();
    expect(sink.kept.session_events.size).toBe(400);
    under.checkIdentity();
  });
});

describe('one row in a hundred and ten that can never be taken', () => {
  it('is set aside for as long as they come, because what is taken before each of them counts', async () => {
    const bad = Array.from({ length: 27 }, (_, n) => 110 * (n + 1));
    for (let n = 0; n < 2_980; n += 1) stored.apply(eventAt('session_rejected', EPOCH + n, 'anna'));
    stored.commit(EPOCH + 3_000, true);
    refuses(...bad);
    await under.deliver();
    expect([...under.store.list('table')].map(({ number }) => number)).toEqual(bad);
    expect(under.troubles.filter((trouble) => !trouble.includes('set aside'))).toEqual([]);
    under.checkIdentity();
  });
});

describe('a sink that is far behind', () => {
  it('is offered one batch after the other without a pause, and then waits as long as was configured', async () => {
    for (let n = 0; n < 1_000; n += 1) stored.apply(eventAt('session_rejected', EPOCH + n, 'anna'));
    stored.commit(EPOCH + 3_000, true);
    let rounds = 0;
    sink.onWrite = async ({ table }, take) => {
      if (table === 'session_events') rounds += 1;
      take();
    };
    await under.deliver();
    expect(rounds).toBe(10);
    // The last one is the end of `stop`.
    expect(under.pauses.filter((ms) => ms === 250).length).toBeLessThanOrEqual(2);
    expect(under.pauses).toContain(250);
  });

  it('gets no more rows at once than it takes, however it went before', async () => {
    visits(100);
    const sizes: number[] = [];
    const refused = new Set([1, 120]);
    sink.onWrite = async ({ rows }, take) => {
      const place = rows.findIndex((row) => 'seq' in row && refused.has(row.seq));
      sizes.push(rows.length);
      if (place >= 0) throw new PoisonRowError(place, 'not a number');
      take();
    };
    await under.deliver();
    expect(Math.max(...sizes)).toBe(100);
    // Fewer after a refusal, then more again.
    expect(sizes.filter((size) => size >= 50).slice(0, 3)).toEqual([100, 50, 100]);
  });
});

describe('resending', () => {
  it('leaves a sink alone that has not got so far yet', async () => {
    let isAway = false;
    sink.onWrite = async (_batch, take) => {
      if (isAway) throw new Error('away');
      take();
    };
    visits(10);
    await under.deliver();
    isAway = true;
    visits(10, EPOCH + 100_000);
    under.store.requestResend('table', EPOCH + 105_000);
    await under.deliver(() => under.store.requestedResends('table').length === 0);
    expect(under.stats().tables[0]).toMatchObject({ delivered: 40, pending: 40 });
    isAway = false;
    await under.deliver();
    expect(sink.taken).toEqual(Array.from({ length: 80 }, (_, n) => n + 1));
    under.checkIdentity();
  });

  it('offers everything since then again, what was set aside or dropped included', async () => {
    visits(50);
    refuses(150);
    await under.deliver();
    under.store.drop('table', null);
    for (const table of Object.values(sink.kept)) table.clear();
    sink.taken.length = 0;
    sink.onWrite = async (_batch, take) => take();
    under.store.requestResend('table', EPOCH + 20_000);
    await under.deliver();
    // And the one before, because times may be a little early.
    expect(sink.taken).toEqual(Array.from({ length: 121 }, (_, n) => n + 80));
    expect(under.stats()).toMatchObject({ deadLettered: 0, pending: 0, dropped: {} });
    under.checkIdentity();
  });
});

describe('retention', () => {
  const retain = (now: number): void => {
    const retention = new Retention(stored.database, { retentionMs: 10 * DAY, maxBytes: 1e15 });
    retention.undelivered = under.undelivered();
    for (let steps = 0; retention.step(now); steps += 1) if (steps > 1_000) throw new Error('never done');
  };

  it('leaves what a sink has yet to get, however old it is', async () => {
    visits(20);
    visits(1, EPOCH + 50 * DAY);
    retain(EPOCH + 50 * DAY);
    await under.deliver();
    expect(sink.kept.session_events.size).toBe(84);
    expect(sink.kept.sessions.size).toBe(21);
    retain(EPOCH + 50 * DAY);
    expect(stored.database.prepare('SELECT count(*) AS n FROM events').get()).toEqual({ n: 4 });
    expect(stored.database.prepare('SELECT count(*) AS n FROM session_changes').get()).toEqual({ n: 1 });
    under.checkIdentity();
  });

  it('says so when the journal grows beyond its size for the sake of a sink', async () => {
    visits(20);
    const retention = new Retention(stored.database, { retentionMs: 10 * DAY, maxBytes: 1 });
    retention.undelivered = under.undelivered();
    retention.step(EPOCH + 20_000);
    expect(retention.isHeld).toBe(true);
    await under.deliver();
    retention.undelivered = under.undelivered();
    retention.step(EPOCH + 20_000);
    expect(retention.isHeld).toBe(false);
  });

  it('counts what it passed, where the operator wants it to', async () => {
    await under.deliver();
    visits(20);
    visits(1, EPOCH + 50 * DAY);
    const retention = new Retention(stored.database, { retentionMs: 10 * DAY, maxBytes: 1e15 });
    while (retention.step(EPOCH + 50 * DAY));
    await under.deliver();
    expect(sink.kept.session_events.size).toBe(4);
    expect(under.stats().tables).toMatchObject([
      { dropped: { retention: 80 } },
      { dropped: { retention: 20 } },
      {},
      {},
      {},
    ]);
    under.checkIdentity();
  });

  it('never lets a number be given twice', async () => {
    visits(20);
    await under.deliver();
    retain(EPOCH + 50 * DAY);
    retain(EPOCH + 50 * DAY);
    visits(1, EPOCH + 51 * DAY);
    await under.deliver();
    expect(sink.kept.sessions.size).toBe(21);
    under.checkIdentity();
  });
});
