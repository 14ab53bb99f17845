import type { DatabaseSync } from 'node:sqlite';
import { END_REASONS } from '../../contract/rows.ts';
import type { UserClass } from '../../contract/user-class.ts';
import { bitOf, hasAny, markOf } from '../marks.ts';
import { blockOf, SESSIONS_IN_BLOCK } from '../session-blocks.ts';
import { type Filters, NUMBERS_OF_NAME, numbersOfUser, Where } from './filters.ts';

export interface SessionFilters extends Filters {
  readonly active: boolean | null;
  /** Who was on at that moment. */
  readonly at: number | null;
  /** Of the user. */
  readonly class?: UserClass | null;
  /** Of open sessions: whether no sign of life came since lines were lost. */
  readonly doubtful?: boolean | null;
}

/** Rows of `sessions` under the alias `s` in descending order of `id`, which may come twice in a row. */
interface Source {
  readonly from: string;
  readonly id: string;
}

const ALL: Source = { from: 'sessions s', id: 's.id' };
const OPEN: Source = { from: 'sessions s INDEXED BY sessions_open', id: 's.id' };
/** By way of its connections. */
const OF_APP: Source = {
  from: 'connections of INDEXED BY connections_app CROSS JOIN sessions s ON s.id = of.session',
  id: 'of.session',
};

/**
 * The numbers of the sessions that fit but for class and doubt, newest first, found as they are asked for. Must be read within one transaction.
 * Reads only blocks of sessions in which one may fit. `isShown`: a condition on rows under the alias `s`.
 */
export function findSessions(
  database: DatabaseSync,
  filters: SessionFilters,
  isShown: string | null = null,
): Generator<number> {
  const search = new Search(database, filters, isShown);
  const { active, from, to, at, user, host, virtualProxy } = filters;
  const isTimed = from !== null || to !== null || at !== null;
  if (active === true) return search.all(OPEN, 's.ended_seen_at IS NULL');
  if (isTimed) {
    const ended = search.inBlocks('s.ended_seen_at IS NOT NULL');
    // Those still open may have begun at any time: they are few, and looked through by themselves.
    return active === false ? ended : merged(search.all(OPEN, 's.ended_seen_at IS NULL'), ended);
  }
  const ended = active === false ? 's.ended_seen_at IS NOT NULL' : 'TRUE';
  const isNamed = user !== null || host !== null || virtualProxy !== null;
  return isNamed ? search.inBlocks(ended) : search.all(search.source, ended);
}

class Search {
  readonly #database: DatabaseSync;
  readonly #filters: SessionFilters;
  readonly #isShown: string | null;
  readonly source: Source;

  constructor(database: DatabaseSync, filters: SessionFilters, isShown: string | null) {
    this.#database = database;
    this.#filters = filters;
    this.#isShown = isShown;
    this.source = filters.app === null ? ALL : OF_APP;
  }

  *all(source: Source, condition: string): Generator<number> {
    const { cursor } = this.#filters;
    const where = this.#where(source);
    where.add(condition);
    if (cursor !== null) where.add(`${source.id} < ?`, cursor);
    yield* this.#ids(`SELECT s.id FROM ${source.from} ${where.sql} ORDER BY ${source.id} DESC`, where.values);
  }

  *inBlocks(condition: string): Generator<number> {
    const { from, id } = this.source;
    const where = this.#where(this.source);
    where.add(condition);
    // Not BETWEEN, of which an index of connections uses nothing; and one upper bound, since of two it uses any one.
    where.add(`${id} >= ? AND ${id} < ?`);
    const before = this.#filters.cursor ?? Number.MAX_SAFE_INTEGER;
    const sql = `SELECT s.id FROM ${from} ${where.sql} ORDER BY ${id} DESC`;
    for (const block of this.#candidates()) {
      const first = block * SESSIONS_IN_BLOCK;
      yield* this.#ids(sql, [...where.values, first, Math.min(first + SESSIONS_IN_BLOCK, before)]);
    }
  }

  /** Blocks in which a session may fit, latest first. By times only those that have ended are found. */
  *#candidates(): Generator<number> {
    const { from, to, at, cursor, user, host, virtualProxy } = this.#filters;
    const where = new Where();
    if (from !== null) where.add('ended_to >= ?', from);
    if (to !== null) where.add('started_from < ?', to);
    if (at !== null) where.add('started_from <= ? AND ended_to > ?', at, at);
    if (host !== null) where.add('hosts & ? <> 0', bitOf(host));
    if (virtualProxy !== null) where.add('proxies & ? <> 0', bitOf(virtualProxy));
    if (cursor !== null) where.add('block <= ?', blockOf(cursor));
    const users = user === null ? null : this.#numbersOf(user);
    // Somebody who has never been there.
    if (users?.length === 0) return;
    const column = users === null ? 'NULL' : 'users';
    const rows = this.#database
      .prepare(`SELECT block, ${column} AS users FROM session_blocks ${where.sql} ORDER BY block DESC`)
      .iterate(...where.values);
    for (const row of rows) {
      const blob = row['users'] as Uint8Array | null;
      // Null also in the block that is not full yet.
      if (users === null || blob === null || hasAny(blob, users)) yield Number(row['block']);
    }
  }

  #numbersOf(user: NonNullable<Filters['user']>): number[] {
    const [sql, values] = numbersOfUser(user);
    const rows = this.#database.prepare(sql).all(...values);
    return rows.map(({ number }) => Number(number));
  }

  #where(source: Source): Where {
    const { from, to, at, app } = this.#filters;
    const where = new Where(this.#filters);
    // Early versions ended the sessions of whom a new blacklist excluded.
    where.add('s.end_reason IS NOT ?', END_REASONS.indexOf('excluded'));
    if (this.#isShown !== null) where.add(this.#isShown);
    if (from !== null) where.add('(s.ended_at IS NULL OR s.ended_at >= ?)', from);
    if (to !== null) where.add('s.started_at < ?', to);
    if (at !== null) where.add('s.started_at <= ? AND (s.ended_at IS NULL OR s.ended_at > ?)', at, at);
    if (app !== null) this.#addApp(where, app, source);
    return where;
  }

  #addApp(where: Where, app: string, source: Source): void {
    const { at } = this.#filters;
    const fits = (c: string): string =>
      // An index on some rows is used where the condition on them is repeated.
      `${c}.app_mark = ? AND ${c}.app_mark <> 0 AND ${c}.app IN (${NUMBERS_OF_NAME})
       ${at === null ? '' : `AND ${c}.opened_at <= ? AND (${c}.closed_at IS NULL OR ${c}.closed_at > ?)`}`;
    const values = [markOf(app), app, ...(at === null ? [] : [at, at])];
    if (source === OF_APP) where.add(fits('of'), ...values);
    else {
      const connections = 'connections c INDEXED BY connections_app';
      where.add(`EXISTS (SELECT 1 FROM ${connections} WHERE c.session = s.id AND ${fits('c')})`, ...values);
    }
  }

  *#ids(sql: string, values: Where['values']): Generator<number> {
    let before = -1;
    for (const row of this.#database.prepare(sql).iterate(...values)) {
      const id = Number(row['id']);
      if (id !== before) yield id;
      before = id;
    }
  }
}

/** Both in descending order. Whoever leaves off leaves both: a statement that goes on would keep the reader in the past. */
function* merged(ones: Generator<number>, others: Generator<number>): Generator<number> {
  try {
    let a = ones.next();
    let b = others.next();
    while (!a.done || !b.done) {
      if (b.done || (!a.done && a.value > b.value)) {
        yield a.value;
        a = ones.next();
      } else {
        yield b.value;
        b = others.next();
      }
    }
  } finally {
    ones.return(0);
    others.return(0);
  }
}
