import type { DatabaseSync } from 'node:sqlite';
import { DELETE_EVENT_BLOCKS } from '../event-blocks.ts';
import { DELETE_SESSION_BLOCKS } from '../session-blocks.ts';
import { deleteLines } from './line-retention.ts';
import { deletePolls, type UndeliveredPolls } from './poll-retention.ts';

/** How long points are kept, by step in seconds: a little longer than the window that shows them. */
const POINTS_KEPT_MS: readonly [step: number, keptMs: number][] = [
  [1, 2 * 3_600_000],
  [5, 6 * 3_600_000],
  [60, 8 * 86_400_000],
];
/** Counts by the second, whatever the retention: so late may a line be, and it adds to what was counted before. */
const COUNTS_KEPT_MS = 7 * 86_400_000;
/** Rows deleted in one go, so that no batch waits long. */
const CHUNK = 5_000;
const DIMENSIONS_AT_ONCE = 500;
/** A session that ended so recently may still be corrected. */
const REMEMBERED_MS = 25 * 3_600_000;

export interface RetentionLimits {
  readonly retentionMs: number;
  readonly maxBytes: number;
}

/** What sinks have yet to get, and retention must leave: numbers from which on, and when the oldest was committed (ms). */
export interface Undelivered extends UndeliveredPolls {
  readonly events: number;
  readonly eventChanges: number;
  readonly sessionChanges: number;
  readonly sessionsSince: number;
  readonly counts: number;
  readonly countsSince: number;
  /** Words of lines: of all sinks that want them; of none, the largest number. */
  readonly lines: number;
}

export const NOTHING_UNDELIVERED: Undelivered = {
  events: Number.MAX_SAFE_INTEGER,
  eventChanges: Number.MAX_SAFE_INTEGER,
  sessionChanges: Number.MAX_SAFE_INTEGER,
  sessionsSince: Number.MAX_SAFE_INTEGER,
  counts: Number.MAX_SAFE_INTEGER,
  countsSince: Number.MAX_SAFE_INTEGER,
  polls: Number.MAX_SAFE_INTEGER,
  seenSessions: Number.MAX_SAFE_INTEGER,
  keptUnfiltered: Number.MAX_SAFE_INTEGER,
  unfiltered: Number.MAX_SAFE_INTEGER,
  lines: Number.MAX_SAFE_INTEGER,
};

export const ALL_UNDELIVERED: Undelivered = {
  events: 0,
  eventChanges: 0,
  sessionChanges: 0,
  sessionsSince: 0,
  counts: 0,
  countsSince: 0,
  polls: 0,
  seenSessions: 0,
  keptUnfiltered: 0,
  unfiltered: 0,
  lines: 0,
};

/**
 * Deletes what is too old, or too much, in small steps. Open sessions and what a checkpoint needs stay.
 * Runs in the writer's thread.
 */
export class Retention {
  readonly #database: DatabaseSync;
  readonly #limits: RetentionLimits;
  readonly #onDimensionGone: (name: string) => void;
  #lastDimension = 0;
  /** What no sink has got yet stays. */
  undelivered: Undelivered = NOTHING_UNDELIVERED;
  /** True where the journal is larger than it may be, and all that could go has yet to be delivered. */
  isHeld = false;

  constructor(
    database: DatabaseSync,
    limits: RetentionLimits,
    onDimensionGone: (name: string) => void = () => {},
  ) {
    this.#database = database;
    this.#limits = limits;
    this.#onDimensionGone = onDimensionGone;
  }

  /** One step. Returns true while there is more to delete. */
  step(now: number): boolean {
    const old = now - this.#limits.retentionMs;
    const tooMuch = this.#bytes() > this.#limits.maxBytes;
    const events = this.#deleteEvents(tooMuch ? Number.MAX_SAFE_INTEGER : old);
    this.isHeld = tooMuch && this.undelivered.events <= this.#oldestSeq();
    // When there is too much, ended sessions go with the oldest events, but not those still remembered.
    const oldestLeft = Math.min(this.#oldestArrival() ?? now, now - REMEMBERED_MS);
    const endedBefore = tooMuch ? Math.max(old, oldestLeft) : old;
    const sessions = this.#deleteSessions(Math.min(endedBefore, this.undelivered.sessionsSince));
    const logged = this.#deleteLogs(now, endedBefore);
    const polls = deletePolls(this.#database, endedBefore, this.undelivered, CHUNK);
    deleteLines(this.#database, this.undelivered.lines);
    this.#deletePoints(now);
    this.#deleteNames();
    return events + sessions + logged + polls >= CHUNK;
  }

  /** About how many of the oldest events would be too old at `now`. By halves, since events arrive in the order of their numbers. */
  tooOldAt(now: number): number {
    const arrivalAt = this.#database.prepare(
      'SELECT seq, received_at FROM events WHERE seq >= ? ORDER BY seq LIMIT 1',
    );
    const [oldest, before] = [this.#oldestSeq(), now - this.#limits.retentionMs];
    let [low, high] = [
      oldest,
      Number(this.#database.prepare('SELECT max(seq) AS seq FROM events').get()?.['seq'] ?? -1) + 1,
    ];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (Number(arrivalAt.get(middle)?.['received_at']) >= before) high = middle;
      else low = middle + 1;
    }
    return low - oldest;
  }

  #oldestArrival(): number | null {
    const row = this.#database.prepare('SELECT received_at FROM events ORDER BY seq LIMIT 1').get();
    return row === undefined ? null : Number(row['received_at']);
  }

  #oldestSeq(): number {
    return Number(this.#database.prepare('SELECT min(seq) AS seq FROM events').get()?.['seq'] ?? 0);
  }

  #bytes(): number {
    const read = (name: string) =>
      Number(Object.values(this.#database.prepare(`PRAGMA ${name}`).get() ?? {})[0]);
    return (read('page_count') - read('freelist_count')) * read('page_size');
  }

  /** Goes through the dimensions a few at a time: there may be one for each app that ever was. */
  #deletePoints(now: number): void {
    // The name of a dimension is needed as long as counts of it are.
    const undelivered = Math.max(0, now - this.undelivered.countsSince + 3_600_000);
    const keptMs = Math.max(this.#limits.retentionMs, COUNTS_KEPT_MS, undelivered);
    const kept = [...POINTS_KEPT_MS, [3_600, keptMs] as const];
    const points = this.#database.prepare('DELETE FROM points WHERE dimension = ? AND step = ? AND at < ?');
    const dimension = this.#database.prepare(
      'DELETE FROM dimensions WHERE id = ? AND NOT EXISTS (SELECT 1 FROM points WHERE dimension = dimensions.id)',
    );
    const some = this.#database
      .prepare(`SELECT id, name FROM dimensions WHERE id > ? ORDER BY id LIMIT ${DIMENSIONS_AT_ONCE}`)
      .all(this.#lastDimension);
    for (const { id, name } of some) {
      for (const [step, keptMs] of kept) points.run(Number(id), step, Math.floor((now - keptMs) / 1000));
      if (dimension.run(Number(id)).changes > 0) this.#onDimensionGone(String(name));
    }
    this.#lastDimension = some.length < DIMENSIONS_AT_ONCE ? 0 : Number(some.at(-1)?.['id']);
  }

  /** The oldest events, up to the one that arrived at `before`, never those behind the checkpoint. */
  #deleteEvents(before: number): number {
    const { changes } = this.#database
      .prepare(
        `DELETE FROM events WHERE seq IN (
           SELECT seq FROM (SELECT seq, received_at FROM events ORDER BY seq LIMIT ${CHUNK})
           WHERE received_at < ? AND seq < (SELECT seq FROM checkpoint) AND seq < ?)`,
      )
      .run(before, this.undelivered.events);
    this.#database.exec(DELETE_EVENT_BLOCKS);
    return Number(changes);
  }

  /** What sinks follow. The last row of each log stays, so that its number is never given again. */
  #deleteLogs(now: number, before: number): number {
    const { sessionChanges, eventChanges, counts } = this.undelivered;
    const countedBefore = Math.floor((now - COUNTS_KEPT_MS) / 1000);
    return (
      this.#deleteLog('session_changes', before, sessionChanges) +
      this.#deleteLog('event_changes', before, eventChanges) +
      this.#deleteLog('counts', countedBefore, counts)
    );
  }

  #deleteLog(table: 'session_changes' | 'event_changes' | 'counts', before: number, from: number): number {
    const { changes } = this.#database
      .prepare(
        `DELETE FROM ${table} WHERE number IN (
           SELECT number FROM (SELECT number, at FROM ${table} ORDER BY number LIMIT ${CHUNK})
           WHERE at < ? AND number < ?) AND number < (SELECT max(number) FROM ${table})`,
      )
      .run(before, from);
    return Number(changes);
  }

  #deleteSessions(before: number): number {
    const ended = this.#database
      .prepare(
        `SELECT id, last_connection FROM sessions WHERE ended_seen_at < ? ORDER BY ended_seen_at LIMIT ${CHUNK}`,
      )
      .all(before);
    const connection = this.#database.prepare('DELETE FROM connections WHERE id = ? RETURNING previous');
    const session = this.#database.prepare('DELETE FROM sessions WHERE id = ?');
    for (const row of ended) {
      let id = Number(row['last_connection']);
      while (id > 0) id = Number(connection.get(id)?.['previous'] ?? 0);
      session.run(Number(row['id']));
    }
    this.#database.exec(DELETE_SESSION_BLOCKS);
    return ended.length;
  }

  /** Names of generations to which no row that is left can refer. */
  #deleteNames(): void {
    const oldest = this.#database
      .prepare(
        `SELECT first_seq, first_string, first_user FROM generations WHERE first_seq <= min(
           coalesce((SELECT min(seq) FROM events), 9e15),
           coalesce((SELECT first_seq FROM sessions ORDER BY id LIMIT 1), 9e15))
         ORDER BY first_seq DESC LIMIT 1`,
      )
      .get();
    if (oldest === undefined) return;
    this.#database.prepare('DELETE FROM generations WHERE first_seq < ?').run(Number(oldest['first_seq']));
    this.#database.prepare('DELETE FROM strings WHERE id < ?').run(Number(oldest['first_string']));
    this.#database.prepare('DELETE FROM users WHERE number < ?').run(Number(oldest['first_user']));
  }
}
