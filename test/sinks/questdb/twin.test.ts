import { describe, expect, it } from 'vitest';
import { NeedsOperatorError } from '../../../src/contract/sink.ts';
import { batchOf, countsRow, eventRow, NEVER, NOON, newStoreId, sessionRow } from '../rows-under-test.ts';
import { canStartQuestDb, errorOf, OwnQuestDb } from './own-questdb.ts';

const MINUTE = 60_000;

describe.skipIf(!canStartQuestDb)('two that write to QuestDB under one name', () => {
  const questdb = new OwnQuestDb();

  it('are noticed at the start, as by a backup that was put back: nothing is written over', async () => {
    const store = newStoreId();
    const before = questdb.newSink({}, store, { lastSeq: () => 7 });
    await before.start(NEVER);
    await before.write(batchOf('session_events', eventRow(7)), NEVER);
    await questdb.server.settled('session_events', 'session_events');
    const error = await errorOf(questdb.newSink({}, store, { lastSeq: () => 6 }).start(NEVER));
    expect(error).toBeInstanceOf(NeedsOperatorError);
    expect(error.message).toContain(
      `events up to number 7 of the store ${store}, and this store ends with 6`,
    );
    expect(error.message).toContain('headcount new-identity');
  });

  it('are noticed by the one that is behind within a minute, and it writes nothing', async () => {
    const store = newStoreId();
    let now = NOON;
    let seq = 3;
    const one = questdb.newSink({}, store, { lastSeq: () => 9, now: () => now });
    const two = questdb.newSink({}, store, { lastSeq: () => seq, now: () => now });
    await one.start(NEVER);
    await two.start(NEVER);
    const at = Date.now();
    await one.write(batchOf('session_events', { ...eventRow(9), at }), NEVER);
    await questdb.server.settled('session_events', 'session_events');
    now += MINUTE - 1;
    await two.write(batchOf('session_events', { ...eventRow(2), at }), NEVER);
    now += 1;
    const error = await errorOf(two.write(batchOf('session_events', { ...eventRow(3), at }), NEVER));
    expect(error).toBeInstanceOf(NeedsOperatorError);
    expect(await questdb.count('session_events')).toBe(2);
    seq = 10;
    await two.write(batchOf('session_events', { ...eventRow(3), at }), NEVER);
  });

  it('are noticed though another Headcount of the site replaces every row of an event', async () => {
    const store = newStoreId();
    const copy = questdb.newSink({}, store, { lastSeq: () => 9 });
    const other = questdb.newSink({}, newStoreId(), { lastSeq: () => 1 });
    for (const sink of [copy, other]) {
      await sink.start(NEVER);
      await sink.write(batchOf('session_events', eventRow(1)), NEVER);
      await sink.write(batchOf('session_counts', countsRow({ active: 1 })), NEVER);
    }
    await questdb.server.settled('session_counts', 'SELECT 1');
    expect(await questdb.count('session_events')).toBe(1);
    const { message } = await errorOf(questdb.newSink({}, store, { lastSeq: () => 8 }).start(NEVER));
    expect(message).toContain('events up to number 9');
    await other.start(NEVER);
    await questdb.newSink({}, store, { lastSeq: () => 9 }).start(NEVER);
  });

  it('are looked for also when the table was dropped in which both say that they write', async () => {
    let now = NOON;
    const sink = questdb.newSink({}, newStoreId(), { lastSeq: () => 5, now: () => now });
    await sink.start(NEVER);
    now += MINUTE;
    await questdb.query('DROP TABLE session_counts');
    await sink.write(batchOf('session_events', eventRow(1)), NEVER);
    now += MINUTE;
    await questdb.query('DROP TABLE session_counts');
    await sink.write(batchOf('sessions', sessionRow('a')), NEVER);
    expect(await questdb.count('session_counts')).toBe(0);
  });

  it('are none where the rows are those of the same store, or of another one', async () => {
    const sink = questdb.newSink({}, newStoreId(), { lastSeq: () => 5 });
    await sink.start(NEVER);
    await sink.write(batchOf('session_events', eventRow(5)), NEVER);
    await questdb.server.settled('session_events', 'session_events');
    await sink.start(NEVER);
    await questdb.newSink({}, newStoreId(), { lastSeq: () => 0 }).start(NEVER);
  });
});
