import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { rangeOfSite } from '../../contract/sites/site-hosts.ts';
import type { Answers, SnapshotItem } from './answers.ts';

/** Which polls; times in milliseconds, `null` for no filter. Without `from` and `to` it is the last poll of each virtual proxy. */
export interface PollFilters {
  readonly host: string | null;
  readonly virtualProxy: string | null;
  readonly from: number | null;
  readonly to: number | null;
  readonly limit: number;
  /** Of the page before: the number of its last poll, or how many virtual proxies came before the next one. */
  readonly cursor: number | null;
}

type Row = Readonly<Record<string, number | string | null>>;

const ITEMS = `SELECT p.number, p.at, p.duration_ms, p.error, p.sessions, p.users, x.host, x.virtual_proxy
FROM polled_proxies x`;

export function pollsOf(database: DatabaseSync, filters: PollFilters): Answers['snapshots'] {
  return filters.from === null && filters.to === null
    ? lastPolls(database, filters)
    : history(database, filters);
}

/** In the order of hosts and virtual proxies. */
function lastPolls(database: DatabaseSync, filters: PollFilters): Answers['snapshots'] {
  const { limit, cursor } = filters;
  const { conditions, values } = proxyConditions(filters);
  const before = cursor ?? 0;
  const rows = database
    .prepare(
      `${ITEMS} JOIN polls p ON p.number =
         (SELECT number FROM polls WHERE proxy = x.number ORDER BY at DESC, number DESC LIMIT 1)
       ${where(conditions)} ORDER BY x.host, x.virtual_proxy LIMIT ? OFFSET ?`,
    )
    .all(...values, limit + 1, before) as Row[];
  return pageOf(rows, limit, String(before + limit));
}

/** Newest first. */
function history(database: DatabaseSync, filters: PollFilters): Answers['snapshots'] {
  const { from, to, limit, cursor } = filters;
  const { conditions, values } = proxyConditions(filters);
  if (from !== null) add('p.at >= ?', from);
  if (to !== null) add('p.at < ?', to);
  // Where retention has deleted the last poll of the page before, there is nothing older either.
  if (cursor !== null) add('(p.at, p.number) < (SELECT at, number FROM polls WHERE number = ?)', cursor);
  function add(condition: string, value: number): void {
    conditions.push(condition);
    values.push(value);
  }
  const rows = database
    .prepare(
      `${ITEMS} JOIN polls p ON p.proxy = x.number ${where(conditions)} ORDER BY p.at DESC, p.number DESC LIMIT ?`,
    )
    .all(...values, limit + 1) as Row[];
  return pageOf(rows, limit, String(rows[limit - 1]?.['number']));
}

function proxyConditions({ host, virtualProxy }: PollFilters): {
  conditions: string[];
  values: SQLInputValue[];
} {
  const range = host === null ? null : rangeOfSite(host);
  const wanted = [
    ['x.host = ?', range === null ? host : null],
    ['x.host >= ?', range?.[0] ?? null],
    ['x.host < ?', range?.[1] ?? null],
    ['x.virtual_proxy = ?', virtualProxy],
  ] as const;
  const those = wanted.filter(([, value]) => value !== null);
  return { conditions: those.map(([condition]) => condition), values: those.map(([, value]) => value) };
}

function where(conditions: readonly string[]): string {
  return conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
}

/** `rows`: one more than the page, where there is more. */
function pageOf(rows: readonly Row[], limit: number, cursor: string): Answers['snapshots'] {
  return { items: rows.slice(0, limit).map(itemOf), nextCursor: rows.length > limit ? cursor : null };
}

function itemOf(row: Row): SnapshotItem {
  return {
    host: String(row['host']),
    virtualProxy: String(row['virtual_proxy']),
    polledAt: new Date(Number(row['at'])).toISOString(),
    ok: row['error'] === null,
    sessions: row['sessions'] as number | null,
    users: row['users'] as number | null,
    error: row['error'] as string | null,
    durationMs: Number(row['duration_ms']),
  };
}
