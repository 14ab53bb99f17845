import type { FilteredTable } from '../../src/contract/sink.ts';

export type ColumnType = 'TIMESTAMP' | 'SYMBOL' | 'VARCHAR' | 'LONG' | 'DOUBLE' | 'BOOLEAN';

/** One of our tables. Other people's dashboards rely on it: columns are added, never renamed or removed. */
export interface Shape {
  readonly name: FilteredTable;
  /** The designated timestamp; the first column. */
  readonly time: string;
  /** What makes two rows the same one, `time` first. */
  readonly keys: readonly string[];
  /** Those that an older version of ours gave it, where it had others. */
  readonly formerKeys: readonly string[] | null;
  /** Where a name `SITE/HOST` may stand. */
  readonly hostColumn: string;
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
    keys: ['ts', 'site', 'event_id', 'kind', 'host'],
    formerKeys: ['ts', 'store', 'event_id', 'kind', 'host'],
    hostColumn: 'host',
    columns: [
      ['ts', 'TIMESTAMP'],
      ['site', 'VARCHAR'],
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
      ['corrected_at', 'TIMESTAMP'],
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
    keys: ['first_seen_at', 'site', 'session_id', 'host'],
    formerKeys: ['first_seen_at', 'store', 'session_id', 'host'],
    hostColumn: 'host',
    columns: [
      ['first_seen_at', 'TIMESTAMP'],
      ['site', 'VARCHAR'],
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
    formerKeys: null,
    hostColumn: 'name',
    columns: [
      ['ts', 'TIMESTAMP'],
      ['site', 'VARCHAR'],
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
      ['seq', 'LONG'],
    ],
  },
  session_snapshots: {
    name: 'session_snapshots',
    time: 'ts',
    keys: ['ts', 'store', 'host', 'virtual_proxy'],
    formerKeys: null,
    hostColumn: 'host',
    columns: [
      ['ts', 'TIMESTAMP'],
      ['site', 'VARCHAR'],
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
    formerKeys: null,
    hostColumn: 'host',
    columns: [
      ['ts', 'TIMESTAMP'],
      ['site', 'VARCHAR'],
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
