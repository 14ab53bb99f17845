import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LineWords } from '../../src/contract/rows.ts';
import { Journal } from '../../src/journal/journal.ts';
import { journalFile, openJournalFile } from '../../src/journal/journal-file.ts';
import { recover } from '../../src/journal/recover.ts';
import { deleteLines } from '../../src/journal/write/line-retention.ts';
import { NOTHING_UNDELIVERED, Retention } from '../../src/journal/write/retention.ts';
import { Site } from '../../src/sessions/site.ts';
import { StoredSite } from '../journal/stored-site.ts';
import { EPOCH, SETTINGS } from '../sessions/model/event-arbitrary.ts';
import { DeliveryUnderTest, TableSink } from './delivery-loop-under-test.ts';
import { eventAt } from './visits.ts';

const DAY = 86_400_000;

function wordsOf(userId: string): LineWords {
  const fields = { host: 'NODE1', command: 'Start session', directory: 'LAB', userId };
  return {
    ...{ prefix: '/qseow-proxy-session/', ...fields },
    ...{ origin: 'Not available', context: '(null)', message: `Start session for user 'LAB\\${userId}'` },
  };
}

/** A sink that wants the words, as a broker does. */
const broker = (name = 'broker') => new TableSink(name, ['event_lines']);

describe('words of lines', () => {
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

  /** `wanted`: some sink asks for words. */
  function starts(ids: readonly string[], wanted: boolean, at = EPOCH): void {
    for (const id of ids) {
      stored.apply(eventAt('session_start', at, id), null, wanted ? wordsOf(id) : undefined);
    }
    stored.commit(at + 1_000, true);
  }

  function retain(undelivered = NOTHING_UNDELIVERED, at = EPOCH): unknown[] {
    const retention = new Retention(stored.database, { retentionMs: 10 * DAY, maxBytes: 1e15 });
    retention.undelivered = undelivered;
    retention.step(at);
    return stored.database
      .prepare('SELECT number FROM event_lines')
      .all()
      .map(({ number }) => number);
  }

  it('reach a sink that asks for them with their events, and are gone then', async () => {
    const sink = broker();
    const under = deliveryTo(sink);
    starts(['anna', 'bert'], true);
    // By HTTP: there is no line.
    stored.apply(eventAt('session_stop', EPOCH + 2_000, 'anna'), null, null);
    stored.commit(EPOCH + 3_000, true);
    expect(retain(under.undelivered())).toEqual([1, 2, 3]);
    await under.deliver();
    expect([...sink.kept.event_lines.values()]).toMatchObject([
      { seq: 1, kind: 'session_start', host: 'node1', line: wordsOf('anna') },
      { seq: 2, line: wordsOf('bert') },
      { seq: 3, kind: 'session_stop', line: null },
    ]);
    // The last one stays without its words, so that its place is known.
    expect(retain(under.undelivered())).toEqual([3]);
    expect(stored.database.prepare('SELECT words FROM event_lines').all()).toEqual([{ words: null }]);
    starts(['carl'], true, EPOCH + 10_000);
    await under.deliver();
    expect(sink.kept.event_lines.size).toBe(4);
    expect(under.stats()).toMatchObject({ pending: 0, delivered: 4, dropped: {} });
    under.checkIdentity();
  });

  it('are there from when a sink is new, and not of the history before', async () => {
    starts(['anna', 'bert'], false);
    const sink = broker();
    const under = deliveryTo(sink);
    expect(under.stats().tables).toMatchObject([{ table: 'event_lines', rows: 0, pending: 0 }]);
    starts(['carl'], true, EPOCH + 10_000);
    await under.deliver();
    expect([...sink.kept.event_lines.keys()]).toEqual(['store-3']);
    expect(under.stats()).toMatchObject({ pending: 0, delivered: 1, dropped: {} });
  });

  it('that came while their sink was not there are counted as dropped', async () => {
    const sink = broker();
    const under = deliveryTo(sink);
    starts(['anna'], true);
    await under.deliver();
    expect(retain(NOTHING_UNDELIVERED)).toEqual([]);
    starts(['bert', 'carl'], false, EPOCH + 10_000);
    starts(['dora'], true, EPOCH + 20_000);
    await under.deliver();
    expect([...sink.kept.event_lines.keys()]).toEqual(['store-1', 'store-4']);
    expect(under.stats()).toMatchObject({ pending: 0, delivered: 2, dropped: { retention: 2 } });
    under.checkIdentity();
  });

  it('keep their events from retention, until the sink has them', async () => {
    const under = deliveryTo(broker());
    starts(['anna'], true);
    starts(['bert'], true, EPOCH + 50 * DAY);
    const events = () => stored.database.prepare('SELECT seq FROM events').all().length;
    expect(retain(under.undelivered(), EPOCH + 50 * DAY)).toEqual([1, 2]);
    expect(events()).toBe(2);
    await under.deliver();
    expect(retain(under.undelivered(), EPOCH + 50 * DAY)).toEqual([2]);
    expect(events()).toBe(1);
  });

  it('are not more than so many, and what goes for that is counted', async () => {
    const sink = broker();
    const under = deliveryTo(sink);
    starts(['anna', 'bert', 'carl'], true);
    deleteLines(stored.database, under.undelivered().lines, 2);
    await under.deliver();
    expect([...sink.kept.event_lines.keys()]).toEqual(['store-2', 'store-3']);
    expect(under.stats()).toMatchObject({ delivered: 2, pending: 0 });
    under.checkIdentity();
  });

  it('are not offered of excluded users', async () => {
    const sink = broker();
    const under = deliveryTo(sink);
    starts(['anna', 'bert'], true);
    under.isExcluded = (user) => user?.id === 'anna';
    await under.deliver();
    expect([...sink.kept.event_lines.keys()]).toEqual(['store-2']);
    expect(under.stats()).toMatchObject({ delivered: 1, dropped: { excluded: 1 } });
    under.checkIdentity();
  });
});

it('the journal writes words only while a sink wants them, and lets go of them at once', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'headcount-lines-'));
  const site = new Site(SETTINGS);
  const opened = openJournalFile(directory, EPOCH);
  const { names, nextSeq } = recover(opened, site);
  opened.close();
  const fail = (error: unknown): never => {
    throw error;
  };
  const limits = { retentionMs: DAY, maxBytes: 1e9, commitIntervalMs: 1, isFollowed: true };
  const listener = {
    committed: () => {},
    trouble: (_kind: string, text: string) => fail(text),
    failed: fail,
  };
  const journal = new Journal({ directory, ...limits }, site, names, nextSeq, listener);
  await journal.start();
  const database = new DatabaseSync(journalFile(directory), { readOnly: true });
  const numbers = () =>
    database
      .prepare('SELECT number FROM event_lines')
      .all()
      .map(({ number }) => number);
  const numbersAfter = async (id: string): Promise<unknown[]> => {
    const event = eventAt('session_start', EPOCH, id);
    journal.add(event, site.apply(event, journal.nextSeq), wordsOf(id));
    await journal.committed();
    return numbers();
  };
  // Before the sinks have said anything, they may want them.
  expect(await numbersAfter('anna')).toEqual([1]);
  journal.keep({ ...NOTHING_UNDELIVERED, lines: 1 });
  expect(await numbersAfter('bert')).toEqual([1, 2]);
  journal.keep({ ...NOTHING_UNDELIVERED, lines: 3 });
  await numbersAfter('carl');
  await expect.poll(numbers).toEqual([3]);
  journal.keep(NOTHING_UNDELIVERED);
  await numbersAfter('dora');
  await expect.poll(numbers).toEqual([]);
  database.close();
  await journal.stop(10_000);
  rmSync(directory, { recursive: true });
});
