import type { FilteredTable } from '../../src/contract/sink.ts';
import type { QuestDbHttp } from './http.ts';

export type ColumnType = 'TIMESTAMP' | 'SYMBOL' | 'VARCHAR' | 'LONG' | 'DOUBLE' | 'BOOLEAN';

/** One of our tables. Other people's dashboards rely on it: columns are added, never renamed or removed. */
export interface Shape {
  readonly name: FilteredTable;
  /** The designated timestamp; the first column. */
  readonly time: string;
  /** What makes two rows the same one, `time` first. */
  readonly keys: readonly string[];
  readonly columns: readonly (readonly [name: string, type: ColumnType])[];
}

const CLIENT = [
  ['browser', 'VARCHAR'],
  ['browser_version', 'VARCHAR'],
  ['os', 'VARCHAR'],
  ['os_version', 'VARCHAR'],
] as const;

/** `user_key` is for counting users, who compare case-insensitively. */
const USER = [
  ['user_directory', 'VARCHAR'],
  ['user_id', 'VARCHAR'],
  ['user_key', 'VARCHAR'],
] as const;

/** SYMBOL only for closed sets: QuestDB keeps every distinct value of one for ever. */
export const SHAPES: { readonly [T in FilteredTable]: Shape } = {
  session_events: {
    name: 'session_events',
    time: 'ts',
    keys: ['ts', 'store', 'event_id', 'kind', 'host'],
    columns: [
      ['ts', 'TIMESTAMP'],
      ['store', 'SYMBOL'],
      ['event_id', 'VARCHAR'],
      ['kind', 'SYMBOL'],
      ['host', 'VARCHAR'],
      ...USER,
      ['origin', 'VARCHAR'],
      ['context', 'VARCHAR'],
      ['app_id', 'VARCHAR'],
      ['app_name', 'VARCHAR'],
      ['virtual_proxy', 'VARCHAR'],
      ['session_id', 'VARCHAR'],
      ['result', 'LONG'],
      ['reason', 'SYMBOL'],
      ['row_number', 'LONG'],
      ['received_at', 'TIMESTAMP'],
      ['original_at', 'TIMESTAMP'],
      ...CLIENT,
      ['user_agent', 'VARCHAR'],
      ['message', 'VARCHAR'],
      ['note_type', 'VARCHAR'],
      ['note_source', 'VARCHAR'],
      ['note_level', 'VARCHAR'],
      ['note_value', 'DOUBLE'],
      ['note_count', 'LONG'],
      ['app_version', 'VARCHAR'],
      ['user_name', 'VARCHAR'],
      ['seq', 'LONG'],
    ],
  },
  sessions: {
    name: 'sessions',
    time: 'first_seen_at',
    keys: ['first_seen_at', 'store', 'session_id', 'host'],
    columns: [
      ['first_seen_at', 'TIMESTAMP'],
      ['store', 'SYMBOL'],
      ['session_id', 'VARCHAR'],
      ['host', 'VARCHAR'],
      ...USER,
      ['virtual_proxy', 'VARCHAR'],
      ['started_at', 'TIMESTAMP'],
      ['start_exact', 'BOOLEAN'],
      ['ended_at', 'TIMESTAMP'],
      ['end_exact', 'BOOLEAN'],
      ['end_reason', 'SYMBOL'],
      ['identity_exact', 'BOOLEAN'],
      ['last_activity_at', 'TIMESTAMP'],
      ['open_connections', 'LONG'],
      ['connections', 'LONG'],
      ['apps', 'VARCHAR'],
      ...CLIENT,
      ['application', 'BOOLEAN'],
    ],
  },
  session_counts: {
    name: 'session_counts',
    time: 'ts',
    keys: ['ts', 'store', 'scope', 'name'],
    columns: [
      ['ts', 'TIMESTAMP'],
      ['store', 'SYMBOL'],
      ['scope', 'SYMBOL'],
      ['name', 'VARCHAR'],
      ['active', 'LONG'],
      ['users', 'LONG'],
      ['connections', 'LONG'],
      ['created', 'LONG'],
      ['destroyed', 'LONG'],
      ['rejected', 'LONG'],
      ['sessions_low', 'LONG'],
      ['sessions_high', 'LONG'],
      ['users_low', 'LONG'],
      ['users_high', 'LONG'],
    ],
  },
  session_snapshots: {
    name: 'session_snapshots',
    time: 'ts',
    keys: ['ts', 'store', 'host', 'virtual_proxy'],
    columns: [
      ['ts', 'TIMESTAMP'],
      ['store', 'SYMBOL'],
      ['host', 'VARCHAR'],
      ['virtual_proxy', 'VARCHAR'],
      ['sessions', 'LONG'],
      ['users', 'LONG'],
    ],
  },
  snapshot_sessions: {
    name: 'snapshot_sessions',
    time: 'ts',
    keys: ['ts', 'store', 'host', 'virtual_proxy', 'session_id'],
    columns: [
      ['ts', 'TIMESTAMP'],
      ['store', 'SYMBOL'],
      ['host', 'VARCHAR'],
      ['virtual_proxy', 'VARCHAR'],
      ['session_id', 'VARCHAR'],
      ...USER,
    ],
  },
};

/** The types that QuestDB casts ours into as rows arrive: an operator may have chosen another one. */
export const CASTS: { readonly [T in ColumnType]: readonly string[] } = {
  TIMESTAMP: ['TIMESTAMP', 'TIMESTAMP_NS'],
  SYMBOL: ['SYMBOL', 'VARCHAR', 'STRING'],
  VARCHAR: ['VARCHAR', 'STRING', 'SYMBOL'],
  LONG: ['LONG', 'DOUBLE'],
  DOUBLE: ['DOUBLE', 'FLOAT'],
  BOOLEAN: ['BOOLEAN'],
};

export function createTable({ name, time, keys, columns }: Shape, retentionDays: number): string {
  const list = columns.map(([column, type]) => `"${column}" ${type}`).join(', ');
  const partitions = `TIMESTAMP("${time}") PARTITION BY DAY TTL ${retentionDays} DAYS WAL`;
  return `CREATE TABLE IF NOT EXISTS "${name}" (${list}) ${partitions} DEDUP UPSERT KEYS(${keys.join(', ')})`;
}

interface View {
  readonly name: string;
  readonly of: FilteredTable;
  readonly sql: string;
}

/**
 * Who was on, in one cell for each poll, also where that is nobody; Butler SOS writes both measurements so. A UNION, because a
 * filter on `ts` reaches both tables through it, unlike through a JOIN. Not `string_distinct_agg`: QuestDB 9.3.4 dies of it
 * where a statement is prepared and not run.
 */
const USER_SESSION_SUMMARY = `SELECT ts, store, host "user_session_host", virtual_proxy "user_session_virtual_proxy",
  max(sessions) "session_count", string_agg(user_full, ',') "session_user_id_list"
FROM (SELECT ts, store, host, virtual_proxy, sessions, NULL::VARCHAR user_full FROM session_snapshots
  UNION ALL SELECT DISTINCT ts, store, host, virtual_proxy, NULL::LONG sessions,
    CASE WHEN user_directory IS NULL THEN user_id ELSE user_directory || '\\' || user_id END user_full
  FROM snapshot_sessions)
GROUP BY ts, store, host, virtual_proxy`;

/** `user_events` and those of `user_session_...` have the columns that users of Butler SOS know. */
const VIEWS: readonly View[] = [
  {
    name: 'user_events',
    of: 'session_events',
    sql: `SELECT ts, store, host,
  CASE kind WHEN 'session_start' THEN 'Start session' WHEN 'session_stop' THEN 'Stop session'
    WHEN 'connection_open' THEN 'Open connection' WHEN 'connection_close' THEN 'Close connection' END "event_action",
  CASE WHEN user_directory IS NULL THEN user_id ELSE user_directory || '\\' || user_id END "userFull",
  user_directory "userDirectory", user_id "userId", origin "origin", app_id "appId", app_name "appName",
  browser "uaBrowserName", browser_version "uaBrowserMajorVersion", os "uaOsName", os_version "uaOsVersion"
FROM session_events WHERE kind != 'session_rejected' AND kind != 'note'`,
  },
  { name: 'active_sessions', of: 'sessions', sql: 'SELECT * FROM sessions WHERE ended_at IS NULL' },
  {
    name: 'session_list',
    of: 'sessions',
    sql: `SELECT *, datediff('s', started_at, coalesce(ended_at, now())) "duration_seconds"
FROM sessions WHERE end_reason IS NULL OR end_reason != 'excluded'`,
  },
  { name: 'user_session_summary', of: 'snapshot_sessions', sql: USER_SESSION_SUMMARY },
  { name: 'user_session_list', of: 'snapshot_sessions', sql: USER_SESSION_SUMMARY },
  {
    name: 'user_session_details',
    of: 'snapshot_sessions',
    sql: `SELECT ts, store, host "user_session_host", virtual_proxy "user_session_virtual_proxy",
  session_id "user_session_id", user_directory "user_session_user_directory", user_id "user_session_user_id",
  session_id, user_directory, user_id FROM snapshot_sessions`,
  },
];

/** Creates the views of a table that are missing, and replaces those with another text. */
export async function createViews(
  http: QuestDbHttp,
  table: FilteredTable,
  signal: AbortSignal,
): Promise<void> {
  const views = VIEWS.filter((view) => view.of === table);
  if (views.length === 0) return;
  const names = views.map(({ name }) => `'${name}'`).join(', ');
  const rows = await http.query(
    `SELECT view_name, view_sql FROM views() WHERE view_name IN (${names})`,
    signal,
  );
  const present = new Map(rows.map(([name, sql]) => [name, sql]));
  for (const { name, sql } of views) {
    if (present.get(name) !== sql) await http.query(`CREATE OR REPLACE VIEW "${name}" AS (${sql})`, signal);
  }
}
