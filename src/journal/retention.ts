import type { DatabaseSync } from 'node:sqlite';

/** How long points are kept, by step in seconds: a little longer than the window that shows them. */
const POINTS_KEPT_MS: readonly [step: number, keptMs: number][] = [
  [1, 2 * 3_600_000],
  [5, 6 * 3_600_000],
  [60, 8 * 86_400_000],
];
/** Rows deleted in one go, so that no batch waits long. */
const CHUNK = 5_000;

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

  constructor(database: DatabaseSync, limits: RetentionLimits) {
    this.#database = database;
    this.#limits = limits;
  }

  /** One step. Returns true while there is more to delete. */
  step(now: number): boolean {
    this.#deletePoints(now);
    const before = this.#bytes() > this.#limits.maxBytes ? now : now - this.#limits.retentionMs;
    const events = this.#deleteEvents(before);
    const sessions = this.#deleteSessions(now - this.#limits.retentionMs);
    this.#deleteNames();
    return events + sessions >= CHUNK;
  }

  #bytes(): number {
    const read = (name: string) =>
      Number(Object.values(this.#database.prepare(`PRAGMA ${name}`).get() ?? {})[0]);
    return (read('page_count') - read('freelist_count')) * read('page_size');
  }

  #deletePoints(now: number): void {
    const kept = [...POINTS_KEPT_MS, [3_600, this.#limits.retentionMs] as const];
    const statement = this.#database.prepare(
      'DELETE FROM points WHERE dimension = ? AND step = ? AND at < ?',
    );
    for (const { id } of this.#database.prepare('SELECT id FROM dimensions').all()) {
      for (const [step, keptMs] of kept) {
        statement.run(Number(id), step, Math.floor((now - keptMs) / 1000));
      }
    }
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
