import type { DatabaseSync } from 'node:sqlite';
import { END_REASONS } from '../core/session.ts';
import { type Filters, NUMBERS_OF_NAME, Where } from './filters.ts';
import { markOf, markOfUser } from './marks.ts';
import { SESSIONS_IN_BLOCK } from './session-blocks.ts';

export interface SessionFilters extends Filters {
  readonly active: boolean | null;
  /** Who was on at that moment. */
  readonly at: number | null;
}

/** Rows of `sessions` under the alias `s` in descending order of `id`, which may come twice in a row. */
interface Source {
  readonly from: string;
  readonly id: string;
}

const ALL: Source = { from: 'sessions s', id: 's.id' };
const OPEN: Source = { from: 'sessions s INDEXED BY sessions_open', id: 's.id' };
const OF_HOST: Source = { from: 'sessions s INDEXED BY sessions_host', id: 's.id' };
const OF_USER: Source = { from: 'sessions s INDEXED BY sessions_user', id: 's.id' };
const OF_PROXY: Source = { from: 'sessions s INDEXED BY sessions_proxy', id: 's.id' };
/** By way of its connections. */
const OF_APP: Source = {
  from: 'connections of INDEXED BY connections_app CROSS JOIN sessions s ON s.id = of.session',
  id: 'of.session',
};

/**
 * The numbers of the sessions that fit, newest first, found as they are asked for. Must be read within one transaction.
 * Reads little more than what fits: names by their indexes, times by blocks.
 */
export function findSessions(database: DatabaseSync, filters: SessionFilters): Generator<number> {
  const search = new Search(database, filters);
  const { active, from, to, at } = filters;
  if (from === null && to === null && at === null) return search.ids(search.source(active === true));
  // Those still open may have begun at any time: they are few, and looked through by themselves.
  const open = () => search.ids(search.source(true), 's.ended_seen_at IS NULL');
  const ended = () => search.idsInBlocks(search.source(false), 's.ended_seen_at IS NOT NULL');
  if (active !== null) return active ? open() : ended();
  return merged(open(), ended());
}

class Search {
  readonly #database: DatabaseSync;
  readonly #filters: SessionFilters;

  constructor(database: DatabaseSync, filters: SessionFilters) {
    this.#database = database;
    this.#filters = filters;
  }

  /** The way that leads past the fewest others. */
  source(onlyOpen: boolean): Source {
    const { user, app, virtualProxy, host } = this.#filters;
    if (user !== null) return OF_USER;
    if (onlyOpen) return OPEN;
    if (app !== null) return OF_APP;
    if (virtualProxy !== null) return OF_PROXY;
    return host === null ? ALL : OF_HOST;
  }

  ids(source: Source, condition?: string): Generator<number> {
    const where = this.#where(source);
    if (condition !== undefined) where.add(condition);
    return this.#run(`SELECT s.id FROM ${source.from}`, where, `ORDER BY ${source.id} DESC`);
  }

  /** Of sessions that have ended, looking only into blocks in which one may fit. */
  idsInBlocks(source: Source, condition: string): Generator<number> {
    const { from, to, at, cursor } = this.#filters;
    const where = this.#where(source);
    where.add(condition);
    if (from !== null) where.add('b.ended_to >= ?', from);
    if (to !== null) where.add('b.started_from < ?', to);
    if (at !== null) where.add('b.started_from <= ? AND b.ended_to > ?', at, at);
    if (cursor !== null) where.add('b.block <= ?', Math.floor(cursor / SESSIONS_IN_BLOCK));
    const first = `b.block * ${SESSIONS_IN_BLOCK}`;
    // Not BETWEEN, of which an index of connections uses nothing.
    where.add(`${source.id} >= ${first} AND ${source.id} < ${first} + ${SESSIONS_IN_BLOCK}`);
    const order = `ORDER BY b.block DESC, ${source.id} DESC`;
    return this.#run(`SELECT s.id FROM session_blocks b CROSS JOIN ${source.from}`, where, order);
  }

  #where(source: Source): Where {
    const { active, from, to, at, app, cursor, user, host, virtualProxy } = this.#filters;
    const where = new Where(this.#filters);
    where.add('s.end_reason IS NOT ?', END_REASONS.indexOf('excluded'));
    if (active !== null) where.add(`s.ended_seen_at IS ${active ? '' : 'NOT '}NULL`);
    if (from !== null) where.add('(s.ended_at IS NULL OR s.ended_at >= ?)', from);
    if (to !== null) where.add('s.started_at < ?', to);
    if (at !== null) where.add('s.started_at <= ? AND (s.ended_at IS NULL OR s.ended_at > ?)', at, at);
    if (app !== null) this.#addApp(where, app, source);
    if (cursor !== null) where.add(`${source.id} < ?`, cursor);
    // An index on some rows is used where the condition on them is repeated.
    if (source === OF_USER) where.add('s.user_mark = ? AND s.user_mark <> 0', markOfUser(user));
    if (source === OF_PROXY) where.add('s.proxy_mark = ? AND s.proxy_mark <> 0', markOf(virtualProxy));
    if (source === OF_HOST) where.add('s.host_mark = ?', markOf(host));
    return where;
  }

  #addApp(where: Where, app: string, source: Source): void {
    const { at } = this.#filters;
    const fits = (c: string): string =>
      `${c}.app_mark = ? AND ${c}.app_mark <> 0 AND ${c}.app IN (${NUMBERS_OF_NAME})
       ${at === null ? '' : `AND ${c}.opened_at <= ? AND (${c}.closed_at IS NULL OR ${c}.closed_at > ?)`}`;
    const values = [markOf(app), app, ...(at === null ? [] : [at, at])];
    if (source === OF_APP) where.add(fits('of'), ...values);
    else {
      const connections = 'connections c INDEXED BY connections_app';
      where.add(`EXISTS (SELECT 1 FROM ${connections} WHERE c.session = s.id AND ${fits('c')})`, ...values);
    }
  }

  *#run(select: string, where: Where, order: string): Generator<number> {
    const statement = this.#database.prepare(`${select} ${where.sql} ${order}`);
    let before = -1;
    for (const row of statement.iterate(...where.values)) {
      const id = Number(row['id']);
      if (id !== before) yield id;
      before = id;
    }
  }
}

/** Both in descending order. */
function* merged(ones: Generator<number>, others: Generator<number>): Generator<number> {
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
}
