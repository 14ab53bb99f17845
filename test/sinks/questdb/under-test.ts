import { inject } from 'vitest';
import { questDbSchema } from '../../../sinks/questdb/questdb.schema.ts';
import { createQuestDbSink } from '../../../sinks/questdb/questdb.ts';
import type { FilteredTable, Sink, SinkParts } from '../../../src/contract/sink.ts';
import { FarSide } from '../far-side.ts';
import { NEVER, NOON, newStoreId } from '../rows-under-test.ts';
import type { SinkUnderTest } from '../sink-under-test.ts';
import { questDbQuery, sharedQuestDb } from './server.ts';

type Settings = Readonly<Record<string, unknown>>;

/** A sink that is not started. */
export function questDbSink(
  settings: Settings,
  storeId = newStoreId(),
  others: Partial<SinkParts> = {},
): Sink {
  const config = questDbSchema.parse({ type: 'questdb', ...settings });
  const parts: SinkParts = {
    ...{ name: 'questdb', storeId, folder: '.', print: async () => {} },
    // As long as a test does not say otherwise nobody else has the name.
    ...{ lastSeq: () => Number.MAX_SAFE_INTEGER, madeTable: () => {}, now: () => NOON },
    ...{ site: 'main', offerAgain: (_table: string, after: number) => after + 1 },
    ...{ doneThrough: () => 0, report: () => null },
    ...others,
  };
  return createQuestDbSink(config, parts);
}

export async function startedSink(
  settings: Settings,
  storeId?: string,
  parts: Partial<SinkParts> = {},
): Promise<Sink> {
  const sink = questDbSink(settings, storeId, parts);
  await sink.start(NEVER);
  return sink;
}

const ARRIVED: { readonly [T in FilteredTable]: readonly [column: string, order: string] } = {
  session_events: ['event_id', 'seq'],
  sessions: ['session_id', 'first_seen_at, session_id'],
  session_counts: ['name', 'ts, name'],
  session_snapshots: ['virtual_proxy', 'ts, virtual_proxy'],
  snapshot_sessions: ['session_id', 'ts, session_id'],
};

export const canRun = inject('questdb') !== null;

/** On the server that all tests share. */
export async function sinkUnderTest(): Promise<SinkUnderTest> {
  const questdb = inject('questdb');
  if (questdb === null) throw new Error('no QuestDB is provided');
  const url = await sharedQuestDb(questdb);
  const storeId = newStoreId();
  const far = await FarSide.listen();
  far.onWrite = () => {};
  const stuck: Sink[] = [];
  const settings = { url, user: 'user-to-hide', password: 'password-to-hide' };
  const sink = await startedSink(settings, storeId);

  async function rows(table: FilteredTable, columns: string, rest: string): Promise<unknown[][]> {
    await questDbQuery(url, `SELECT wait_wal_table('${table}')`);
    const found = await questDbQuery(
      url,
      `SELECT ${columns} FROM ${table} WHERE store = '${storeId}' ${rest}`,
    );
    return found.map((row) => Object.values(row));
  }

  return {
    sink,
    unstarted: () => questDbSink(settings),
    stuck: async () => {
      const another = await startedSink({ ...settings, url: far.url });
      stuck.push(another);
      return another;
    },
    arrived: async (table) => {
      const [column, order] = ARRIVED[table];
      return (await rows(table, `${column}, ${order}`, `ORDER BY ${order}`)).map(([identity]) => identity);
    },
    userOf: async (eventId) => {
      return (await rows('session_events', 'user_directory, user_id', `AND event_id = '${eventId}'`))[0];
    },
    secrets: [settings.user, settings.password],
    dispose: async () => {
      for (const each of [sink, ...stuck]) await each.stop();
      await far.close();
    },
  };
}
