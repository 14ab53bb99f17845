import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import { END_REASONS } from '../../contract/rows.ts';
import { STOP_REMEMBERED_MS } from '../../sessions/key-memory.ts';
import { createForget } from '../ids/origin.ts';
import { FLAGS } from '../schema/sessions.ts';
import { DELETE_SESSION_BLOCKS } from '../session-blocks.ts';

/** Sessions deleted in one go, so that no batch waits long. */
const CHUNK = 5_000;

const [STOP, MADE_ROOM] = [END_REASONS.indexOf('stop'), END_REASONS.indexOf('made_room')];
/** Of a host that made room nothing is remembered from then on. */
const ENDED_AFTER = `
SELECT id, last_connection, ended_seen_at, end_reason = ${MADE_ROOM} OR
  (end_reason = ${STOP} AND flags & ${FLAGS.isApplication} = 0 AND ended_seen_at < ?) AS is_forgotten FROM sessions
WHERE (ended_seen_at, id) > (?, ?) AND ended_seen_at < ? ORDER BY ended_seen_at, id LIMIT ${CHUNK}`;
const NOTHING_PASSED = { endedAt: 0, id: 0 };

/** Deletes ended sessions, with their connections. */
export class SessionRetention {
  readonly #database: DatabaseSync;
  /** The last of those that were looked at and are still remembered. */
  #passedOver = NOTHING_PASSED;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** Looks at all of them once more. */
  begin(): void {
    this.#passedOver = NOTHING_PASSED;
  }

  /** Those that ended before then. Returns how many. */
  deleteOld(before: number): number {
    return this.#delete(
      this.#database
        .prepare(
          `SELECT id, last_connection FROM sessions WHERE ended_seen_at < ? ORDER BY ended_seen_at LIMIT ${CHUNK}`,
        )
        .all(before),
    );
  }

  /** Of sessions that ended before then, those of which nothing is remembered. The others are passed over once. Returns how many were looked at. */
  deleteForgotten(before: number, now: number): number {
    const { endedAt, id } = this.#passedOver;
    const some = this.#database.prepare(ENDED_AFTER).all(now - STOP_REMEMBERED_MS, endedAt, id, before);
    const last = some.at(-1);
    if (last === undefined) this.#passedOver = NOTHING_PASSED;
    else this.#passedOver = { endedAt: Number(last['ended_seen_at']), id: Number(last['id']) };
    this.#delete(some.filter(({ is_forgotten: isForgotten }) => isForgotten === 1));
    return some.length;
  }

  #delete(ended: readonly Record<string, SQLOutputValue>[]): number {
    const connection = this.#database.prepare('DELETE FROM connections WHERE id = ? RETURNING previous');
    const session = this.#database.prepare('DELETE FROM sessions WHERE id = ?');
    const forgetOrigin = createForget(this.#database);
    for (const row of ended) {
      let id = Number(row['last_connection']);
      while (id > 0) id = Number(connection.get(id)?.['previous'] ?? 0);
      session.run(Number(row['id']));
      forgetOrigin(Number(row['id']));
    }
    this.#database.exec(DELETE_SESSION_BLOCKS);
    return ended.length;
  }
}
