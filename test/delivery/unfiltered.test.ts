import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { KeptPoll } from '../../src/contract/snapshot.ts';
import { undeliveredBy } from '../../src/delivery/books.ts';
import { Journal } from '../../src/journal/journal.ts';
import { journalFile, openJournalFile } from '../../src/journal/journal-file.ts';
import { recover } from '../../src/journal/recover.ts';
import { NOTHING_UNDELIVERED, Retention } from '../../src/journal/write/retention.ts';
import { Site } from '../../src/sessions/site.ts';
import { StoredSite } from '../journal/stored-site.ts';
import { EPOCH, SETTINGS } from '../sessions/model/event-arbitrary.ts';
import { DeliveryUnderTest, TableSink } from './delivery-loop-under-test.ts';

const DAY = 86_400_000;
const seen = [{ id: 'a', user: { directory: 'LAB', id: 'anna' } }];
const unfiltered = [...seen, { id: 'b', user: { directory: 'INTERNAL', id: 'sa_proxy' } }];

function pollAt(at: number): KeptPoll {
  const numbers = { durationMs: 10, error: null, sessions: 1, users: 1 };
  return { host: 'node1', virtualProxy: '/', at, ...numbers, seen, unfiltered };
}

/** A sink that asks for everything, as a broker does. */
const broker = (name = 'broker') => new TableSink(name, ['unfiltered_snapshots', 'session_snapshots']);

const answersIn = (database: DatabaseSync): number =>
  database.prepare('SELECT 1 FROM unfiltered_polls WHERE sessions IS NOT NULL').all().length;

describe('whole answers', () => {
  let stored: StoredSite;
  const toDispose: DeliveryUnderTest[] = [];
  beforeEach(() => {
    stored = new StoredSite(SETTINGS);
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

  function polls(count: number, from = EPOCH): void {
    for (let n = 0; n < count; n += 1) stored.addPoll(pollAt(from + n * 30_000), true);
    stored.commit(from, false);
  }

  function retain(undelivered = NOTHING_UNDELIVERED, at = EPOCH): number {
    const retention = new Retention(stored.database, { retentionMs: 10 * DAY, maxBytes: 1e15 });
    retention.undelivered = undelivered;
    retention.step(at);
    return answersIn(stored.database);
  }

  it('reach a sink that asks for them, with everybody in them, and are gone then', async () => {
    polls(3);
    const sink = broker();
    const under = deliveryTo(sink);
    expect(retain(under.undelivered())).toBe(3);
    await under.deliver();
    const rows = [...sink.kept.unfiltered_snapshots.values()];
    expect(rows).toEqual(
      [0, 1, 2].map((n) => ({
        host: 'node1',
        virtualProxy: '/',
        at: EPOCH + n * 30_000,
        sessions: unfiltered,
      })),
    );
    expect(retain(under.undelivered())).toBe(0);
    under.checkIdentity();
    // Numbers go on where they were.
    polls(2, EPOCH + DAY);
    await under.deliver();
    expect(sink.kept.unfiltered_snapshots.size).toBe(5);
    expect(under.stats()).toMatchObject({ pending: 0, deadLettered: 0, dropped: {} });
    under.checkIdentity();
  });

  it('are kept until the last of those sinks has them, whatever their age', async () => {
    polls(2);
    const [first, second] = [deliveryTo(broker('first')), deliveryTo(broker('second'))];
    await first.deliver();
    const undelivered = () => undeliveredBy([first.delivery, second.delivery], first.store);
    expect(retain(undelivered(), EPOCH + 50 * DAY)).toBe(2);
    await second.deliver();
    expect(retain(undelivered())).toBe(0);
  });

  it('go with age where the sink need not have them', () => {
    polls(2);
    const under = deliveryTo(broker());
    const undelivered = undeliveredBy([], under.store, [under.delivery]);
    expect(retain(undelivered, EPOCH + 9 * DAY)).toBe(2);
    expect(retain(undelivered, EPOCH + 11 * DAY)).toBe(0);
  });

  it('are no concern of a sink that does not ask for them, and are not kept for it', async () => {
    polls(2);
    const sink = new TableSink();
    const under = deliveryTo(sink);
    await under.deliver();
    expect(sink.kept.unfiltered_snapshots.size).toBe(0);
    expect(under.stats().tables.map(({ table }) => table)).not.toContain('unfiltered_snapshots');
    expect(JSON.stringify([...sink.kept.snapshot_sessions.values()])).not.toContain('sa_proxy');
    expect(retain(under.undelivered())).toBe(0);
  });
});

it('the journal writes whole answers only while a sink wants them, and lets go of them at once', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'headcount-unfiltered-'));
  const site = new Site(SETTINGS);
  const opened = openJournalFile(directory, EPOCH);
  const { names, nextSeq } = recover(opened, site);
  opened.close();
  const limits = { retentionMs: DAY, maxBytes: 1e9 };
  const fail = (error: unknown): never => {
    throw error;
  };
  const journal = new Journal(
    { directory, commitIntervalMs: 1, isFollowed: true, ...limits },
    site,
    names,
    nextSeq,
    { committed: () => {}, trouble: (_kind, message) => fail(message), failed: fail },
  );
  await journal.start();
  const database = new DatabaseSync(journalFile(directory), { readOnly: true });
  const polled = async (at: number): Promise<number> => {
    journal.addPoll(pollAt(at));
    await journal.committed();
    return answersIn(database);
  };
  // Before the sinks have said anything, they may want them.
  expect(await polled(EPOCH)).toBe(1);
  journal.keep({ ...NOTHING_UNDELIVERED, unfiltered: 1 });
  expect(await polled(EPOCH + 1)).toBe(2);
  journal.keep({ ...NOTHING_UNDELIVERED, unfiltered: 2 });
  await polled(EPOCH + 2);
  expect(answersIn(database)).toBe(2);
  journal.keep(NOTHING_UNDELIVERED);
  expect(await polled(EPOCH + 3)).toBe(0);
  database.close();
  await journal.stop(10_000);
  rmSync(directory, { recursive: true });
});
