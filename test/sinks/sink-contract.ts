import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ALL_TABLES, type Batch, type FilteredTable, TABLES, type Table } from '../../src/contract/sink.ts';
import {
  acceptedRow,
  batchOf,
  countsRow,
  eventRow,
  fullEventRow,
  fullSessionRow,
  HOSTILE_TEXTS,
  NEVER,
  NOON,
  sessionRow,
  snapshotRow,
  snapshotSessionRow,
} from './rows-under-test.ts';
import type { SinkUnderTest } from './sink-under-test.ts';

/** Tests that a kind of sink keeps the promises of `src/contract/sink.ts`. */
export function describeSinkContract(type: string, sinkUnderTest: () => Promise<SinkUnderTest>): void {
  describe(`the contract, as ${type} keeps it`, () => {
    let under: SinkUnderTest;
    beforeAll(async () => {
      under = await sinkUnderTest();
      await under.sink.start(NEVER);
    });
    afterAll(() => under.dispose());

    /** Rows of a table that it does not want are never offered. Events may be wanted with the words of their lines. */
    const wantsLines = () => under.sink.tables.includes('event_lines');
    const forwards = () => under.sink.tables.includes('accepted_events');
    const wants = (table: Table) =>
      under.sink.tables.includes(table) || (table === 'session_events' && (wantsLines() || forwards()));
    function offered(batch: Batch): Batch {
      if (batch.table !== 'session_events') return batch;
      if (forwards()) return { table: 'accepted_events', rows: batch.rows.map(acceptedRow) };
      if (!wantsLines()) return batch;
      return { table: 'event_lines', rows: batch.rows.map((row) => ({ ...row, line: null })) };
    }
    async function write(batch: Batch): Promise<void> {
      if (wants(batch.table)) await under.sink.write(offered(batch), NEVER);
    }
    /** Of a table that it makes something else of, nothing arrives. */
    async function expectArrived(table: FilteredTable, identities: readonly unknown[]): Promise<void> {
      const arrives = wants(table) && !under.isOnlySeen?.(table);
      expect(await under.arrived(table)).toEqual(arrives ? identities : []);
    }

    it('it says which tables it wants', () => {
      expect(under.sink.tables.length).toBeGreaterThan(0);
      expect(ALL_TABLES).toEqual(expect.arrayContaining([...under.sink.tables]));
    });

    it('what was written has arrived, in order', async () => {
      await write(batchOf('session_events', eventRow(1), eventRow(2)));
      await write(batchOf('session_events', eventRow(3)));
      await write(batchOf('sessions', sessionRow('a'), sessionRow('b')));
      await write(batchOf('session_counts', countsRow({ scope: 'host', name: 'node1' })));
      await write(batchOf('session_snapshots', snapshotRow(), snapshotRow({ virtualProxy: '/sales' })));
      await write(batchOf('snapshot_sessions', snapshotSessionRow('s1'), snapshotSessionRow('s2')));
      await expectArrived('session_events', ['event-1', 'event-2', 'event-3']);
      await expectArrived('sessions', ['a', 'b']);
      await expectArrived('session_counts', ['node1']);
      await expectArrived('session_snapshots', ['/', '/sales']);
      await expectArrived('snapshot_sessions', ['s1', 's2']);
    });

    it('the same rows twice do no harm', async () => {
      const batches = [
        batchOf('session_events', eventRow(4), fullEventRow(5, 'x')),
        batchOf('sessions', sessionRow('c'), fullSessionRow('d', 'x')),
        batchOf(
          'session_counts',
          countsRow({ at: NOON + 1 }),
          countsRow({ at: NOON + 1, scope: 'app', name: 'x' }),
        ),
        batchOf('session_snapshots', snapshotRow({ virtualProxy: '/twice', sessions: 2, users: 1 })),
        batchOf('snapshot_sessions', snapshotSessionRow('s3', { user: { directory: 'LAB', id: 'x' } })),
      ];
      for (const batch of batches) await write(batch);
      const before = await Promise.all(TABLES.map((table) => under.arrived(table)));
      for (const batch of batches) await write(batch);
      expect(await Promise.all(TABLES.map((table) => under.arrived(table)))).toEqual(before);
      expect(before.map((rows) => rows.length)).toEqual(
        [5, 4, 3, 3, 3].map((n, at) => {
          const table = TABLES[at] as FilteredTable;
          return wants(table) && !under.isOnlySeen?.(table) ? n : 0;
        }),
      );
    });

    it('text of any kind arrives as it is', async ({ skip }) => {
      skip(!wants('session_events'), 'it wants no events');
      const rows = HOSTILE_TEXTS.map((text, index) => ({
        ...fullEventRow(100 + index, text),
        eventId: `text-${index}`,
      }));
      await write(batchOf('session_events', ...rows));
      for (const [index, text] of HOSTILE_TEXTS.entries()) {
        expect(await under.userOf(`text-${index}`)).toEqual([text, text]);
      }
    });

    it('text of any kind is taken by the other tables, too', async () => {
      const sessions = HOSTILE_TEXTS.map((text, index) => fullSessionRow(`text-${index}`, text));
      const counts = HOSTILE_TEXTS.map((name) => countsRow({ at: NOON + 2, scope: 'app', name }));
      await write(batchOf('sessions', ...sessions));
      await write(batchOf('session_counts', ...counts));
      const snapshots = HOSTILE_TEXTS.map((virtualProxy) => snapshotRow({ at: NOON + 3, virtualProxy }));
      const seen = HOSTILE_TEXTS.map((text) =>
        snapshotSessionRow(`text-${text}`, { at: NOON + 3, user: { directory: text, id: text } }),
      );
      await write(batchOf('session_snapshots', ...snapshots));
      await write(batchOf('snapshot_sessions', ...seen));
      const [ids, names] = [sessions.map(({ id }) => id), [...HOSTILE_TEXTS]];
      await expectArrived('sessions', expect.arrayContaining(ids));
      await expectArrived('session_counts', expect.arrayContaining(names));
      await expectArrived('session_snapshots', expect.arrayContaining(names));
      const seenIds = seen.map(({ sessionId }) => sessionId);
      await expectArrived('snapshot_sessions', expect.arrayContaining(seenIds));
    });

    it('half a surrogate pair is taken', async ({ skip }) => {
      skip(!wants('session_events'), 'it wants no events');
      const row = eventRow(200, { user: { directory: null, id: 'half \ud83d' } });
      await write(batchOf('session_events', row));
      expect(await under.arrived('session_events')).toContain('event-200');
    });

    it('a write that is given up rejects soon', async ({ skip }) => {
      skip(!wants('session_events'), 'it wants no events');
      const sink = await under.stuck();
      await sink.start(NEVER);
      const stop = new AbortController();
      const batch = offered(batchOf('session_events', eventRow(300)));
      const written = sink.write(batch, stop.signal);
      const rejected = expect(written).rejects.toThrow(Error);
      stop.abort();
      await rejected;
      await expect(sink.write(batch, stop.signal)).rejects.toThrow(Error);
    });

    it('it can be started again, and stopped twice', async () => {
      const sink = await under.stuck();
      await sink.start(NEVER);
      await sink.start(NEVER);
      await sink.stop();
      await sink.stop();
    });

    it('it can be stopped without a start, and twice', async () => {
      const sink = under.unstarted();
      await sink.stop();
      await sink.stop();
    });

    it('its details are plain JSON without secrets', async () => {
      const details = under.sink.details?.() ?? {};
      const text = JSON.stringify(details);
      expect(JSON.parse(text)).toEqual(details);
      for (const secret of under.secrets) expect(text).not.toContain(secret);
    });
  });
}
