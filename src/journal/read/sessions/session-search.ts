import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { END_REASONS } from '../../../contract/rows.ts';
import type { UserClass } from '../../../contract/user-class.ts';
import { bitOf, hasAny, markOf, numbersIn } from '../../marks.ts';
import type { Cells } from '../../schema/selection.ts';
import { blockOf, SESSIONS_IN_BLOCK } from '../../session-blocks.ts';
import { type Filters, NUMBERS_OF_NAME, numbersOfUser, Where } from '../filters.ts';
import { applicationBits, isOfApplication } from './application-sessions.ts';
import { FoundUsers } from './found-users.ts';
import type { SessionState } from './session-state.ts';

export interface SessionFilters extends Filters {
  readonly active: boolean | null;
  /** Who was on at that moment. */
  readonly at: number | null;
  /** Whether it is of an application that tells of its sessions itself. */
  readonly application?: boolean | null;
  /** Of the user. */
  readonly class?: UserClass | null;
  /** Of open sessions: whether no sign of life came since lines were lost. */
  readonly doubtful?: boolean | null;
  /** Now, or at the moment `at`. */
  readonly state?: SessionState | null;
  /** A part of the user's `DIRECTORY\id`. */
  readonly search?: string | null;
  /** Oldest first. */
  readonly isAscending?: boolean;
}

/** Rows of `sessions` under the alias `s` in the order of `id`, which may come twice in a row. */
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
 * The numbers of the sessions that fit but for class, doubt and state, newest first unless asked otherwise, found as they are asked for. Must be
 * read within one transaction. Reads only blocks of sessions in which one may fit. `isShown`: a condition on rows under the alias `s`.
 */
export function* findSessions(
  database: DatabaseSync,
  filters: SessionFilters,
  isShown: string | null = null,
): Generator<number> {
  for (const [id] of findSessionCells(database, filters, isShown, [])) yield Number(id);
}

/** The same sessions, each as its number and some expressions on rows under the alias `s`. */
export function findSessionCells(
  database: DatabaseSync,
  filters: SessionFilters,
  isShown: string | null,
  expressions: readonly string[],
): Generator<Cells> {
  const search = new Search(database, filters, isShown, ['s.id', ...expressions].join(', '));
  const { active, from, to, at, user, host, virtualProxy, application = null, search: part = null } = filters;
  const isTimed = from !== null || to !== null || at !== null;
  if (search.isOfNoApplication) return none();
  if (active === true) return search.open();
  if (isTimed) {
    const ended = search.inBlocks('s.ended_seen_at IS NOT NULL');
    // Those still open may have begun at any time: they are few, and looked through by themselves.
    return active === false ? ended : merged(search.open(), ended, filters.isAscending === true ? 1 : -1);
  }
  const ended = active === false ? 's.ended_seen_at IS NOT NULL' : 'TRUE';
  const isNamed = [user, host, virtualProxy, part].some((each) => each !== null) || application === true;
  return isNamed ? search.inBlocks(ended) : search.all(search.source, ended);
}

class Search {
  readonly #database: DatabaseSync;
  readonly #filters: SessionFilters;
  readonly #isShown: string | null;
  readonly #list: string;
  readonly #way: 'ASC' | 'DESC';
  readonly #found: FoundUsers | null;
  /** Of the hosts of applications, where only their sessions are wanted. */
  readonly #bits: number | null;
  readonly source: Source;

  constructor(database: DatabaseSync, filters: SessionFilters, isShown: string | null, list: string) {
    const { search = null, isAscending = false } = filters;
    this.#database = database;
    this.#filters = filters;
    this.#isShown = isShown;
    this.#list = list;
    this.#way = isAscending ? 'ASC' : 'DESC';
    this.#found = search === null ? null : new FoundUsers(database, search);
    this.#bits = filters.application === true ? applicationBits(database) : null;
    this.source = filters.app === null ? ALL : OF_APP;
  }

  get isOfNoApplication(): boolean {
    return this.#bits === 0;
  }

  *open(): Generator<Cells> {
    const isOpen = 's.ended_seen_at IS NULL';
    if (this.#found === null) yield* this.all(OPEN, isOpen);
    else {
      const found = this.#found.among(this.#usersOf(OPEN, isOpen));
      if (found.length > 0) yield* this.all(OPEN, isOpen, found);
    }
  }

  /** `users`: of these alone. */
  *all(source: Source, condition: string, users: readonly number[] | null = null): Generator<Cells> {
    const { cursor } = this.#filters;
    const where = this.#where(source);
    where.add(condition);
    if (cursor !== null) where.add(`${source.id} ${this.#way === 'ASC' ? '>' : '<'} ?`, cursor);
    if (users !== null) where.add(AMONG, JSON.stringify(users));
    yield* rowsOf(this.#select(source, where), where.values);
  }

  *inBlocks(condition: string): Generator<Cells> {
    const { id } = this.source;
    const where = this.#where(this.source);
    where.add(condition);
    // Not BETWEEN, of which an index of connections uses nothing; and one bound on each side, since of two it uses any one.
    where.add(`${id} >= ? AND ${id} < ?`);
    if (this.#found !== null) where.add(AMONG);
    const statement = this.#select(this.source, where);
    for (const { first, end, found } of this.#candidates()) {
      yield* rowsOf(statement, [
        ...where.values,
        first,
        end,
        ...(found === null ? [] : [JSON.stringify(found)]),
      ]);
    }
  }

  #select({ from, id }: Source, where: Where): StatementSync {
    const sql = `SELECT ${this.#list} FROM ${from} ${where.sql} ORDER BY ${id} ${this.#way}`;
    const statement = this.#database.prepare(sql);
    statement.setReturnArrays(true);
    return statement;
  }

  /** Blocks in which a session may fit, in order, each with the users searched for. By times only those that have ended are found. */
  *#candidates(): Generator<{ first: number; end: number; found: readonly number[] | null }> {
    const { from, to, at, cursor, user, host, virtualProxy, isAscending = false } = this.#filters;
    const where = new Where();
    if (from !== null) where.add('ended_to >= ?', from);
    if (to !== null) where.add('started_from < ?', to);
    if (at !== null) where.add('started_from <= ? AND ended_to > ?', at, at);
    if (host !== null) where.add('hosts & ? <> 0', bitOf(host));
    if (this.#bits !== null) where.add('hosts & ? <> 0', this.#bits);
    if (virtualProxy !== null) where.add('proxies & ? <> 0', bitOf(virtualProxy));
    if (cursor !== null) where.add(`block ${isAscending ? '>=' : '<='} ?`, blockOf(cursor));
    const users = user === null ? null : this.#numbersOf(user);
    // Somebody who has never been there.
    if (users?.length === 0) return;
    const column = users === null && this.#found === null ? 'NULL' : 'users';
    const rows = this.#database
      .prepare(
        `SELECT block, ${column} AS users FROM session_blocks ${where.sql} ORDER BY block ${this.#way}`,
      )
      .iterate(...where.values);
    for (const row of rows) {
      const blob = row['users'] as Uint8Array | null;
      // Null also in the block that is not full yet.
      if (users !== null && blob !== null && !hasAny(blob, users)) continue;
      const start = Number(row['block']) * SESSIONS_IN_BLOCK;
      const found = this.#found?.among(blob === null ? this.#usersIn(start) : numbersIn(blob)) ?? null;
      if (found?.length === 0) continue;
      const end = start + SESSIONS_IN_BLOCK;
      if (cursor === null) yield { first: start, end, found };
      else if (isAscending) yield { first: Math.max(start, cursor + 1), end, found };
      else yield { first: start, end: Math.min(end, cursor), found };
    }
  }

  #usersIn(start: number): Uint32Array {
    return this.#usersOf(ALL, `s.id >= ${start} AND s.id < ${start + SESSIONS_IN_BLOCK}`);
  }

  /** In ascending order. */
  #usersOf({ from }: Source, condition: string): Uint32Array {
    const rows = this.#database.prepare(`SELECT DISTINCT s.user AS user FROM ${from} WHERE ${condition}`);
    return Uint32Array.from(rows.all(), ({ user }) => Number(user)).sort();
  }

  #numbersOf(user: NonNullable<Filters['user']>): number[] {
    const [sql, values] = numbersOfUser(user);
    const rows = this.#database.prepare(sql).all(...values);
    return rows.map(({ number }) => Number(number));
  }

  #where(source: Source): Where {
    const { from, to, at, app, application = null } = this.#filters;
    const where = new Where(this.#filters);
    // Early versions ended the sessions of whom a new blacklist excluded.
    where.add('s.end_reason IS NOT ?', END_REASONS.indexOf('excluded'));
    if (this.#isShown !== null) where.add(this.#isShown);
    if (application !== null) where.add(isOfApplication(application));
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
}

function* none(): Generator<never> {}

/** Each session once. */
function* rowsOf(statement: StatementSync, values: Where['values']): Generator<Cells> {
  let before: unknown = null;
  for (const row of statement.iterate(...values)) {
    const cells = row as unknown as Cells;
    if (cells[0] !== before) yield cells;
    before = cells[0];
  }
}

/** Of the users whose numbers are a list in JSON. */
const AMONG = 's.user IN (SELECT value FROM json_each(?))';

/**
 * Both in the order of their numbers, `way` 1 for rising and -1 for falling ones. Whoever leaves off leaves both: a statement that goes on
 * would keep the reader in the past.
 */
function* merged(ones: Generator<Cells>, others: Generator<Cells>, way: 1 | -1): Generator<Cells> {
  try {
    let a = ones.next();
    let b = others.next();
    while (!a.done || !b.done) {
      if (b.done || (!a.done && way * (Number(a.value[0]) - Number(b.value[0])) < 0)) {
        yield a.value;
        a = ones.next();
      } else {
        yield b.value;
        b = others.next();
      }
    }
  } finally {
    ones.return(null);
    others.return(null);
  }
}
