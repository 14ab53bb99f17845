import type { DatabaseSync } from 'node:sqlite';
import { DELETE_EVENT_BLOCKS } from '../event-blocks.ts';
import { keepOrigins } from '../ids/origin.ts';
import { deleteLines } from './line-retention.ts';
import { deleteNames } from './name-retention.ts';
import { PointRetention } from './point-retention.ts';
import { deletePolls, type UndeliveredPolls } from './poll-retention.ts';
import { SessionRetention } from './session-retention.ts';

/** Counts by the second, whatever the retention: so late may a line be, and it adds to what was counted before. */
const COUNTS_KEPT_MS = 7 * 86_400_000;
/** Rows deleted in one go, so that no batch waits long. */
const CHUNK = 5_000;
/** What is known of a session that ended so recently may still change: an end that nobody told, or one of an application, is taken back. */
const REMEMBERED_MS = 25 * 3_600_000;
/** The journal is made smaller before it reaches its limit, since it grows meanwhile: by a part of that, and so much at the most. */
const MOST_AT_ONCE = 256 * 1_048_576;
const PART = 8;
/** As much before it reaches it; but how fast it grows has nothing to do with the limit: of a small one it is a larger part. */
const LEAST_HEADROOM = 4 * 1_048_576;
const LARGEST_PART = 4;

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

/** Of what there is too much, the same part of each: the events before that number, and so many bytes of points. */
interface ToGo {
  readonly beforeSeq: number;
  bytesOfPoints: number;
}

/**
 * Deletes what is too old, or too much, in small steps. Open sessions and what a checkpoint needs stay.
 * Runs in the writer's thread.
 */
export class Retention {
  readonly #database: DatabaseSync;
  readonly #limits: RetentionLimits;
  readonly #points: PointRetention;
  readonly #sessions: SessionRetention;
  /** Null while there is not too much. */
  #toGo: ToGo | null = null;
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
    this.#points = new PointRetention(database, onDimensionGone);
    this.#sessions = new SessionRetention(database);
  }

  /** True where the journal is about to get larger than it may be. */
  get isTooMuch(): boolean {
    return this.#bytes() > this.#limits.maxBytes - this.#headroom;
  }

  get #headroom(): number {
    const { maxBytes } = this.#limits;
    return Math.max(this.#atOnce, Math.min(LEAST_HEADROOM, Math.floor(maxBytes / LARGEST_PART)));
  }

  get #atOnce(): number {
    return Math.min(MOST_AT_ONCE, Math.floor(this.#limits.maxBytes / PART));
  }

  /** One step. Returns true while there is more to delete. */
  step(now: number): boolean {
    const isTooMuch = this.isTooMuch;
    if (isTooMuch) this.#toGo ??= this.#decide();
    const { beforeSeq, bytesOfPoints } = this.#toGo ?? { beforeSeq: 0, bytesOfPoints: 0 };
    const history = this.#deleteHistory(now, beforeSeq);
    this.isHeld = isTooMuch && this.undelivered.events <= this.#oldestSeq();
    const before = this.#bytes();
    const hasMorePoints = this.#deletePoints(now, bytesOfPoints > 0);
    if (this.#toGo !== null) this.#toGo.bytesOfPoints -= before - this.#bytes();
    const hasMore = history >= CHUNK || hasMorePoints;
    const isDone = this.#oldestSeq() >= beforeSeq && (this.#toGo?.bytesOfPoints ?? 0) <= 0;
    if (isDone || !hasMore) this.#toGo = null;
    return hasMore || (isDone && isTooMuch);
  }

  /** What is to go is decided once, so that none pays for what another one takes meanwhile. */
  #decide(): ToGo {
    const bytes = this.#bytes();
    const part = Math.min(1, (bytes - this.#limits.maxBytes + this.#headroom + this.#atOnce) / bytes);
    this.#points.begin();
    this.#sessions.begin();
    const [oldest, next] = [this.#oldestSeq(), this.#nextSeq()];
    return {
      beforeSeq: oldest + Math.ceil(part * (next - oldest)),
      bytesOfPoints: part * this.#points.bytes,
    };
  }

  /** What is too old, and what is before an event. Returns how many records went. */
  #deleteHistory(now: number, beforeSeq: number): number {
    const old = now - this.#limits.retentionMs;
    const isTooMuch = beforeSeq > 0;
    const events = this.#deleteEvents(old, beforeSeq);
    // When there is too much, ended sessions go with the oldest events, but not those still remembered.
    const oldestLeft = this.#oldestArrival() ?? now;
    const endedBefore = isTooMuch ? Math.max(old, Math.min(oldestLeft, now - REMEMBERED_MS)) : old;
    const { sessionsSince } = this.undelivered;
    const sessions =
      this.#sessions.deleteOld(Math.min(endedBefore, sessionsSince)) +
      (isTooMuch ? this.#sessions.deleteForgotten(Math.min(oldestLeft, sessionsSince), now) : 0);
    const { sessionChanges, eventChanges } = this.undelivered;
    const logged =
      this.#deleteLog('session_changes', endedBefore, sessionChanges) +
      this.#deleteLog('event_changes', endedBefore, eventChanges);
    const polls = deletePolls(this.#database, endedBefore, this.undelivered, CHUNK);
    deleteLines(this.#database, this.undelivered.lines);
    deleteNames(this.#database);
    return events + sessions + logged + polls;
  }

  /** Returns true while there is more to delete. */
  #deletePoints(now: number, isTooMuch: boolean): boolean {
    const countedBefore = Math.floor((now - COUNTS_KEPT_MS) / 1000);
    const counts = this.#deleteLog(
      'counts',
      isTooMuch ? Number.MAX_SAFE_INTEGER : countedBefore,
      this.undelivered.counts,
    );
    // The name of a dimension is needed as long as counts of it are.
    const undelivered = Math.max(0, now - this.undelivered.countsSince + 3_600_000);
    this.#points.deleteOld(now, Math.max(this.#limits.retentionMs, COUNTS_KEPT_MS, undelivered));
    const hasSurplus = this.#points.deleteSurplus();
    return (isTooMuch && this.#points.deleteSome()) || hasSurplus || counts >= CHUNK;
  }

  /** About how many of the oldest events would be too old at `now`. By halves, since events arrive in the order of their numbers. */
  tooOldAt(now: number): number {
    const arrivalAt = this.#database.prepare(
      'SELECT seq, received_at FROM events WHERE seq >= ? ORDER BY seq LIMIT 1',
    );
    const [oldest, before] = [this.#oldestSeq(), now - this.#limits.retentionMs];
    let [low, high] = [oldest, this.#nextSeq()];
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

  #nextSeq(): number {
    return Number(this.#database.prepare('SELECT max(seq) AS seq FROM events').get()?.['seq'] ?? -1) + 1;
  }

  #bytes(): number {
    const read = (name: string) =>
      Number(Object.values(this.#database.prepare(`PRAGMA ${name}`).get() ?? {})[0]);
    return (read('page_count') - read('freelist_count')) * read('page_size');
  }

  /** The oldest events, up to the one that arrived at `before` or has the number `beforeSeq`, never those behind the checkpoint. */
  #deleteEvents(before: number, beforeSeq: number): number {
    const going = `SELECT seq FROM (SELECT seq, received_at FROM events ORDER BY seq LIMIT ${CHUNK})
      WHERE (received_at < ? OR seq < ?) AND seq < (SELECT seq FROM checkpoint) AND seq < ?`;
    const which = [before, beforeSeq, this.undelivered.events];
    const bounds = this.#database
      .prepare(`SELECT min(seq) AS first, max(seq) AS last FROM (${going})`)
      .get(...which);
    if (bounds === undefined || bounds['last'] === null) return 0;
    keepOrigins(this.#database, Number(bounds['first']), Number(bounds['last']));
    const { changes } = this.#database.prepare(`DELETE FROM events WHERE seq IN (${going})`).run(...which);
    this.#database.exec(DELETE_EVENT_BLOCKS);
    return Number(changes);
  }

  /** What sinks follow. The last row of each log stays, so that its number is never given again. */
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
}
