import { afterEach, describe, expect, it, test } from 'vitest';
import { NeedsOperatorError, PoisonRowError, type Sink } from '../../../src/contract/sink.ts';
import { answer, FarSide } from '../far-side.ts';
import { batchOf, eventRow, NEVER } from '../rows-under-test.ts';
import { startedSink } from './under-test.ts';

/*
 * What may become of a table between the look before rows are sent and the look after. The moments are too short to be
 * met with a real server.
 */

const BATCH = batchOf('session_events', eventRow(1), eventRow(2));
const OURS = ['session_events', 1, false, true, 0, 365, 'DAY'];

const used: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of used.splice(0).reverse()) await end();
});

/** The table is `before` until rows arrive, then `after`; null is none. */
async function changing(after: readonly unknown[] | null, before: readonly unknown[] | null = OURS) {
  const far = await FarSide.listen();
  used.push(() => far.close());
  const sink: Sink = await startedSink({ url: far.url });
  used.push(() => sink.stop());
  let table = before;
  const statements: string[] = [];
  far.onQuery = (response, sql) => {
    statements.push(sql);
    if (!sql.includes('FROM pg_class')) return false;
    answer(response, 200, JSON.stringify({ dataset: table === null ? [] : [table] }));
    return true;
  };
  far.onWrite = (response) => {
    table = after;
    far.hasKeys = after?.[3] === true;
    answer(response, 204);
  };
  return { far, sink, statements };
}

async function errorOf(work: Promise<void>): Promise<Error> {
  return work.then(
    () => new Error('none'),
    (error: Error) => error,
  );
}

describe('rows do not count as taken', () => {
  test('when the table is gone afterwards', async () => {
    const { sink } = await changing(null);
    const error = await errorOf(sink.write(BATCH, NEVER));
    expect(error.constructor).toBe(Error);
    expect(error.message).toBe('table session_events was dropped while rows were written');
  });

  test('when it is another one afterwards, though a right one; the next offer goes into that', async () => {
    const { sink, statements } = await changing(OURS.with(1, 9));
    const error = await errorOf(sink.write(BATCH, NEVER));
    expect(error.constructor).toBe(Error);
    statements.length = 0;
    await sink.write(BATCH, NEVER);
    // It was looked at closely first.
    expect(statements.some((sql) => sql.includes('table_columns'))).toBe(true);
  });

  test('when QuestDB made one by itself', async () => {
    const { sink, far } = await changing(OURS.with(1, 9).with(3, false));
    const error = await errorOf(sink.write(BATCH, NEVER));
    expect(error).toBeInstanceOf(NeedsOperatorError);
    expect(error.message).toContain('table session_events in QuestDB has no DEDUP');
    expect(await errorOf(sink.write(BATCH, NEVER))).toBeInstanceOf(NeedsOperatorError);
    expect(far.written).toHaveLength(1);
  });

  test('when its DEDUP was taken away', async () => {
    const { sink } = await changing(OURS.with(3, false));
    const error = await errorOf(sink.write(BATCH, NEVER));
    expect(error).toBeInstanceOf(NeedsOperatorError);
    expect(error.message).toContain('has no DEDUP');
  });

  test('when it is suspended afterwards, and none are sent from then on', async () => {
    const { sink, far } = await changing(OURS.with(2, true).with(4, 2));
    const error = await errorOf(sink.write(BATCH, NEVER));
    expect(error).toBeInstanceOf(NeedsOperatorError);
    expect(error.message).toContain('table session_events is suspended');
    expect(error.message).toContain('ALTER TABLE session_events RESUME WAL');
    expect(sink.details?.()).toMatchObject({
      databaseTables: [{ name: 'session_events', suspended: true, walPendingRows: 2 }],
    });
    expect(await errorOf(sink.write(BATCH, NEVER))).toBeInstanceOf(NeedsOperatorError);
    expect(far.written).toHaveLength(1);
  });

  test('when the table has had no transaction', async () => {
    const { sink, far } = await changing([...OURS, 7], [...OURS, 7]);
    const error = await errorOf(sink.write(BATCH, NEVER));
    expect(error.constructor).toBe(Error);
    expect(error.message).toBe('QuestDB took rows for table session_events that are not in it');
    expect(far.written).toHaveLength(1);
  });

  test('when the look afterwards fails', async () => {
    const { sink, far } = await changing(OURS);
    const watch = far.onQuery;
    far.onWrite = (response) => {
      far.onQuery = (late) => {
        answer(late, 503);
        return true;
      };
      answer(response, 204);
    };
    expect((await errorOf(sink.write(BATCH, NEVER))).message).toContain('HTTP 503');
    far.onQuery = watch;
    far.onWrite = (response) => answer(response, 204);
    await sink.write(BATCH, NEVER);
  });
});

test('no row is blamed for a table that is not ours any more', async () => {
  const { sink, far } = await changing(OURS);
  const refusal = '{"message":"table: session_events; cannot insert in non-WAL table","line":1}';
  far.onWrite = (response) => {
    far.hasKeys = false;
    far.onQuery = (look, sql) => {
      if (!sql.includes('FROM pg_class')) return false;
      answer(look, 200, JSON.stringify({ dataset: [OURS.with(3, false)] }));
      return true;
    };
    answer(response, 400, refusal);
  };
  const error = await errorOf(sink.write(BATCH, NEVER));
  expect(error).toBeInstanceOf(NeedsOperatorError);
  expect(error).not.toBeInstanceOf(PoisonRowError);
});

test('one table suspended leaves the others alone', async () => {
  const { sink, far } = await changing(OURS);
  far.onQuery = (response, sql) => {
    if (!sql.includes('FROM pg_class')) return false;
    const suspended = ['sessions', 2, true, true, 7, 365, 'DAY'];
    answer(response, 200, JSON.stringify({ dataset: [OURS, suspended] }));
    return true;
  };
  await sink.write(BATCH, NEVER);
});

describe('a start after an outage', () => {
  it('rejects while nobody answers, and what was seen last is told of until somebody does', async () => {
    const { sink, far } = await changing(OURS);
    await sink.write(BATCH, NEVER);
    const before = sink.details?.();
    expect(before).toMatchObject({ databaseTables: [{ name: 'session_events' }] });
    await far.close();
    expect((await errorOf(sink.write(BATCH, NEVER))).constructor).toBe(Error);
    expect((await errorOf(sink.start(NEVER))).constructor).toBe(Error);
    expect(sink.details?.()).toEqual(before);
  });

  it('looks closely at every table, though it had found them right', async () => {
    const far = await FarSide.listen();
    used.push(() => far.close());
    const sink = await startedSink({ url: far.url });
    used.push(() => sink.stop());
    far.hasKeys = false;
    expect((await errorOf(sink.start(NEVER))).message).toContain(
      'table session_events in QuestDB has no DEDUP',
    );
    far.hasKeys = true;
    await sink.start(NEVER);
    await sink.write(BATCH, NEVER);
  });
});
