import { hash } from 'node:crypto';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { siteOfHost } from '../../contract/sites/site-hosts.ts';
import { SESSIONS_IN_BLOCK } from '../session-blocks.ts';
import { isHour, Origins } from './origin.ts';
import { type SiteName, siteNamesOf, siteOf } from './site-names.ts';

/** What a session is called, wherever somebody sees it. */
export interface SessionName {
  readonly id: string;
  /** Milliseconds since 1970 UTC, where that does not depend on who tells of it; null: the store knows a time of its own. */
  readonly firstSeenAt: number | null;
  /** Null where nobody has said what the site is called. */
  readonly site: string | null;
}

/** 96 bits: equal only for equal beginnings. */
const DIGEST_CHARACTERS = 24;
const OF_STORE = /^([^-]+)-(\d{1,15})$/;
const OF_CONTENT = /^([0-9a-z]{1,11})-[0-9a-f]{24}$/;
/** Names held at once: an event needs that of its session. */
const MOST_NAMES = 50_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** A line's own time is believed so far from ours. */
const MOST_APART_MS = 8 * DAY_MS;
/** Blocks looked through for one id, the latest first. */
const MOST_BLOCKS = 4_096;

/**
 * The ids of sessions. `TIME-DIGEST` where the event that began it has an identity: of the site, the host and that identity, so that every Headcount that saw the
 * same beginning has the same id; the time, in base 36, is for finding it. `STORE-NUMBER` of any other, and of those that were there before the store knew
 * the name of its site.
 */
export class SessionIds {
  readonly store: string;
  readonly #sites: readonly SiteName[];
  readonly #origins: Origins;
  readonly #known = new Map<number, SessionName>();
  readonly #open: StatementSync;
  readonly #openByLine: StatementSync;
  readonly #blocks: StatementSync;
  readonly #inBlock: StatementSync;
  readonly #inBlockByLine: StatementSync;

  constructor(database: DatabaseSync, store: string) {
    this.store = store;
    this.#sites = siteNamesOf(database);
    this.#origins = new Origins(database);
    this.#open = database.prepare(
      'SELECT id FROM sessions WHERE ended_seen_at IS NULL AND created_at >= ? AND created_at <= ? ORDER BY id DESC',
    );
    this.#openByLine = database.prepare(
      `SELECT s.id FROM sessions s JOIN events e ON e.seq = s.first_seq
       WHERE s.ended_seen_at IS NULL AND e.original_at = ? ORDER BY s.id DESC`,
    );
    this.#blocks = database.prepare(
      `SELECT block FROM session_blocks WHERE started_from <= ? AND ended_to >= ? ORDER BY block DESC LIMIT ${MOST_BLOCKS}`,
    );
    this.#inBlock = database.prepare(
      'SELECT id FROM sessions WHERE id >= ? AND id < ? AND created_at >= ? AND created_at <= ? ORDER BY id DESC',
    );
    this.#inBlockByLine = database.prepare(
      `SELECT s.id FROM sessions s JOIN events e ON e.seq = s.first_seq
       WHERE s.id >= ? AND s.id < ? AND e.original_at = ? ORDER BY s.id DESC`,
    );
  }

  /** `seq`: one of its events, for a session that may be too new to have a record. */
  of(number: number, seq: number | null = null): SessionName {
    const known = this.#known.get(number);
    if (known !== undefined) return known;
    const site = siteOf(this.#sites, 'session', number);
    const own = { id: `${this.store}-${number}`, firstSeenAt: null, site };
    if (site === null || number < (this.#sites[0]?.session ?? 0)) return own;
    const found = this.#origins.of(number, seq);
    // Nothing of it may have been written yet.
    if (found === null) return own;
    const { host, origin } = found;
    const { identity, at } = origin;
    const itsSite = siteOfHost(host) ?? site;
    const name =
      identity === null
        ? { ...own, site: itsSite }
        : { id: contentId(itsSite, host, identity, at), firstSeenAt: at, site: itsSite };
    if (this.#known.size >= MOST_NAMES) this.#known.clear();
    this.#known.set(number, name);
    return name;
  }

  /** The site of an event; null where nobody has said what the site is called. */
  siteOfEvent(seq: number, host: string): string | null {
    const site = siteOf(this.#sites, 'event', seq);
    return site === null ? null : (siteOfHost(host) ?? site);
  }

  /** Whether the rows of an event are those that everyone gets who got it. */
  isContent(seq: number): boolean {
    return seq >= (this.#sites[0]?.event ?? Number.POSITIVE_INFINITY);
  }

  /** The number of an event or session under an id of the store; null for any other id. */
  ownNumber(id: string): number | null {
    const [, store, number] = OF_STORE.exec(id) ?? [];
    return store === this.store ? Number(number) : null;
  }

  /** The number of a session, by any of its ids; null where there is none. */
  numberOf(id: string): number | null {
    const own = this.ownNumber(id);
    if (own !== null) return own;
    const time = OF_CONTENT.exec(id)?.[1];
    if (time === undefined || this.#sites.length === 0) return null;
    const at = Number.parseInt(time, 36);
    if (!Number.isSafeInteger(at)) return null;
    for (const number of this.#candidates(at)) if (this.of(number).id === id) return number;
    return null;
  }

  /** Sessions that may have begun at that time, the likely ones first. */
  *#candidates(at: number): Generator<number> {
    const to = isHour(at) ? at + HOUR_MS - 1 : at;
    yield* numbers(this.#open.all(at, to));
    // One that came late may have ended before it was first heard of.
    for (const earlierMs of [0, DAY_MS]) {
      yield* this.#inBlocks(at - earlierMs, to, (from, before) => this.#inBlock.all(from, before, at, to));
    }
    // The clock of its node was off: the line said another time than the one it is kept under.
    yield* this.#inBlocks(at - MOST_APART_MS, at + MOST_APART_MS, (from, before) =>
      this.#inBlockByLine.all(from, before, at),
    );
    yield* numbers(this.#openByLine.all(at));
  }

  /** Of the blocks with sessions that began by `to` and ended no earlier than `from`. */
  *#inBlocks(
    from: number,
    to: number,
    find: (from: number, before: number) => Record<string, unknown>[],
  ): Generator<number> {
    for (const { block } of this.#blocks.all(to, from)) {
      const first = Number(block) * SESSIONS_IN_BLOCK;
      yield* numbers(find(first, first + SESSIONS_IN_BLOCK));
    }
  }
}

function* numbers(rows: readonly Record<string, unknown>[]): Generator<number> {
  for (const { id } of rows) yield Number(id);
}

/** `identity`: with who made it up, since each sender may count from 1. `at`: milliseconds since 1970 UTC. */
function contentId(site: string, host: string, identity: string, at: number): string {
  const text = `session\n${site}\n${host}\n${identity}`;
  return `${Math.max(0, at).toString(36)}-${hash('sha256', text, 'hex').slice(0, DIGEST_CHARACTERS)}`;
}
