import type { DatabaseSync } from 'node:sqlite';

/** How long points are kept, by step in seconds: a little longer than the window that shows them. */
const POINTS_KEPT_MS: readonly [step: number, keptMs: number][] = [
  [1, 2 * 3_600_000],
  [5, 6 * 3_600_000],
  [60, 8 * 86_400_000],
];
/** Rows deleted in one go, so that no batch waits long. */
const CHUNK = 5_000;
const DIMENSIONS_AT_ONCE = 500;
/** A session that ended so recently may still be corrected. */
const REMEMBERED_MS = 25 * 3_600_000;

export interface RetentionLimits {
  readonly retentionMs: number;
  readonly maxBytes: number;
}

/**
 * Deletes what is too old, or too much, in small steps. Open sessions and what a checkpoint needs stay.
 * Runs in the writer's thread.
 */
export class Retention {
  readonly #database: DatabaseSync;
  readonly #limits: RetentionLimits;
  readonly #onDimensionGone: (name: string) => void;
  #lastDimension = 0;

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
    // When there is too much, ended sessions go with the oldest events, but not those still remembered.
    const oldestLeft = Math.min(this.#oldestArrival() ?? now, now - REMEMBERED_MS);
    const sessions = this.#deleteSessions(tooMuch ? Math.max(old, oldestLeft) : old);
    this.#deletePoints(now);
    this.#deleteNames();
    return events + sessions >= CHUNK;
  }

  #oldestArrival(): number | null {
    const row = this.#database.prepare('SELECT received_at FROM events ORDER BY seq LIMIT 1').get();
    return row === undefined ? null : Number(row['received_at']);
  }

  #bytes(): number {
    const read = (name: string) =>
      Number(Object.values(this.#database.prepare(`PRAGMA ${name}`).get() ?? {})[0]);
    return (read('page_count') - read('freelist_count')) * read('page_size');
  }

  /** Goes through the dimensions a few at a time: there may be one for each app that ever was. */
  #deletePoints(now: number): void {
    const kept = [...POINTS_KEPT_MS, [3_600, this.#limits.retentionMs] as const];
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
           WHERE received_at < ? AND seq < (SELECT seq FROM checkpoint))`,
      )
      .run(before);
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
