import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { KINDS, REJECTION_REASONS, type RejectionReason } from '../../contract/event.ts';
import { blockOf, EVENTS_IN_BLOCK } from '../event-blocks.ts';
import { hasAny } from '../marks.ts';
import { type Filters, NUMBERS_OF_NAME, numbersOfHost, numbersOfUser, Where } from './filters.ts';

export interface EventFilters extends Filters {
  readonly kind: (typeof KINDS)[number] | null;
  /** Of rejections only. */
  readonly reason?: RejectionReason | null;
}

/** Those after `after` and up to `upTo`, oldest first; or all before the cursor, newest first. */
export type EventRange = { readonly after: number; readonly upTo: number } | null;

/**
 * The numbers of the events that fit, in the order of the range, found as they are asked for. Must be read within one
 * transaction. Reads only blocks of events in which one may fit. `isShown`: a condition on rows under the alias `s`.
 */
export function* findEvents(
  database: DatabaseSync,
  filters: EventFilters,
  range: EventRange = null,
  isShown: string | null = null,
): Generator<number> {
  const where = conditions(filters);
  if (isShown !== null) where.add(isShown);
  where.add('s.seq >= ? AND s.seq <= ?');
  const [first, last] = bounds(filters, range);
  const order = `ORDER BY s.seq ${range === null ? 'DESC' : ''}`;
  const sql = `SELECT s.seq FROM events s ${where.sql} ${order}`;
  if (!isNarrow(filters)) {
    yield* numbers(database, sql, [...where.values, first, last]);
    return;
  }
  for (const block of candidates(database, filters, range)) {
    const from = block * EVENTS_IN_BLOCK;
    const to = from + EVENTS_IN_BLOCK - 1;
    yield* numbers(database, sql, [...where.values, Math.max(first, from), Math.min(last, to)]);
  }
}

/** The first and the last number that may be found. */
function bounds({ cursor }: EventFilters, range: EventRange): [number, number] {
  if (range !== null) return [range.after + 1, range.upTo];
  return [0, cursor === null ? Number.MAX_SAFE_INTEGER : cursor - 1];
}

/** Whether some events may not fit. */
export function isNarrow({ user, host, virtualProxy, app, from, to, kind }: EventFilters): boolean {
  return [user, host, virtualProxy, app, from, to, kind].some((filter) => filter !== null);
}

function conditions(filters: EventFilters): Where {
  const where = new Where(filters);
  if (filters.kind !== null) where.add('s.kind = ?', KINDS.indexOf(filters.kind));
  if (filters.reason != null) where.add('s.reason = ?', REJECTION_REASONS.indexOf(filters.reason) + 1);
  if (filters.from !== null) where.add('s.at >= ?', filters.from);
  if (filters.to !== null) where.add('s.at < ?', filters.to);
  if (filters.app !== null) where.add(`s.app IN (${NUMBERS_OF_NAME})`, filters.app);
  return where;
}

/** Blocks in which an event may fit, in the order of the range. */
function* candidates(database: DatabaseSync, filters: EventFilters, range: EventRange): Generator<number> {
  const { user, host, virtualProxy, app, from, to, kind } = filters;
  const where = new Where();
  if (from !== null) where.add('at_to >= ?', from);
  if (to !== null) where.add('at_from < ?', to);
  if (kind !== null) where.add('kinds & ? <> 0', 1 << KINDS.indexOf(kind));
  where.add('block BETWEEN ? AND ?', ...bounds(filters, range).map(blockOf));
  const users = user === null ? null : all(database, ...numbersOfUser(user));
  const strings = [virtualProxy, app]
    .filter((name) => name !== null)
    .map((name) => all(database, NUMBERS_OF_NAME, [name]));
  if (host !== null) strings.push(all(database, ...numbersOfHost(host)));
  // A name that nobody has ever had.
  if (users?.length === 0 || strings.some((wanted) => wanted.length === 0)) return;
  const columns = [
    users === null ? 'NULL AS users' : 'users',
    strings.length === 0 ? 'NULL AS strings' : 'strings',
  ];
  const rows = database
    .prepare(
      `SELECT block, ${columns.join(', ')} FROM event_blocks ${where.sql} ORDER BY block ${range === null ? 'DESC' : ''}`,
    )
    .iterate(...where.values);
  for (const row of rows) {
    // Null in the block that is not full yet.
    const isIn = (blob: unknown, wanted: readonly number[]): boolean =>
      blob === null || hasAny(blob as Uint8Array, wanted);
    if (users !== null && !isIn(row['users'], users)) continue;
    if (strings.every((wanted) => isIn(row['strings'], wanted))) yield Number(row['block']);
  }
}

function all(database: DatabaseSync, sql: string, values: readonly SQLInputValue[]): number[] {
  return [...numbers(database, sql, values)];
}

/** The first column. */
function* numbers(database: DatabaseSync, sql: string, values: readonly SQLInputValue[]): Generator<number> {
  const statement = database.prepare(sql);
  statement.setReturnArrays(true);
  for (const row of statement.iterate(...values)) yield Number((row as unknown as unknown[])[0]);
}
