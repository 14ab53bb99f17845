import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { sortedNumbers } from './marks.ts';

/** Sessions in a block: each block found costs a search so many rows. */
export const SESSIONS_IN_BLOCK = 256;

const MERGE_BLOCK = `
INSERT INTO session_blocks (block, started_from, ended_to, hosts, proxies, users) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (block) DO UPDATE SET started_from = min(started_from, excluded.started_from),
  ended_to = max(ended_to, excluded.ended_to), hosts = hosts | excluded.hosts, proxies = proxies | excluded.proxies,
  users = coalesce(excluded.users, users)`;

/** Of sessions that retention has deleted. */
export const DELETE_SESSION_BLOCKS = `
DELETE FROM session_blocks WHERE block < coalesce((SELECT min(id) FROM sessions), 0) / ${SESSIONS_IN_BLOCK}`;

const NEVER = Number.MAX_SAFE_INTEGER;

/** What a block gets to know of one session; `hosts` and `proxies` as `bitOf` has them. */
export interface BlockEntry {
  readonly id: number;
  /** The journal's number. */
  readonly user: number;
  readonly startedAt: number;
  /** 0 while it is open. */
  readonly endedAt: number;
  readonly hosts: number;
  readonly proxies: number;
}

/**
 * What is in each block of sessions, so that a search reads only blocks in which it may find something. None began before
 * `started_from`, none of those that ended did so after `ended_to`, and no other hosts and virtual proxies have a bit set: all
 * are bounds, so a session that is reopened leaves them as they are. A block that is full has the numbers of its users.
 * Indexes would be written to with every session, at random places.
 */
export class SessionBlocks {
  readonly #database: DatabaseSync;
  readonly #merge: StatementSync;
  readonly #forgetUsers: StatementSync;
  /** The block in which the latest session is, and its users. */
  #latest = -1;
  readonly #users = new Set<number>();

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#merge = database.prepare(MERGE_BLOCK);
    this.#forgetUsers = database.prepare('UPDATE session_blocks SET users = NULL WHERE block = ?');
    this.reload();
  }

  /** Takes what is stored for the truth: at the start, and when a batch was rolled back. */
  reload(): void {
    this.#users.clear();
    this.#latest = -1;
    const id = this.#database.prepare('SELECT max(id) AS id FROM sessions').get()?.['id'];
    if (id === null || id === undefined) return;
    this.#latest = blockOf(Number(id));
    const users = this.#database.prepare('SELECT user FROM sessions WHERE id >= ?');
    for (const { user } of users.iterate(this.#latest * SESSIONS_IN_BLOCK)) this.#users.add(Number(user));
  }

  /** Takes sessions that were written, new or changed, in the order of their numbers. */
  add(entries: Iterable<BlockEntry>): void {
    let block = -1;
    let bounds = { startedFrom: NEVER, endedTo: 0, hosts: 0, proxies: 0 };
    const write = (): void => {
      const { startedFrom, endedTo, hosts, proxies } = bounds;
      if (block >= 0) this.#merge.run(block, startedFrom, endedTo, hosts, proxies, null);
    };
    for (const { id, user, startedAt, endedAt, hosts, proxies } of entries) {
      if (blockOf(id) !== block) {
        write();
        block = blockOf(id);
        bounds = { startedFrom: NEVER, endedTo: 0, hosts: 0, proxies: 0 };
        if (block > this.#latest) this.#begin(block);
      }
      if (block === this.#latest) this.#users.add(user);
      bounds.startedFrom = Math.min(bounds.startedFrom, startedAt);
      bounds.endedTo = Math.max(bounds.endedTo, endedAt);
      bounds.hosts |= hosts;
      bounds.proxies |= proxies;
    }
    write();
  }

  /** A session has another user now. Of a block that is full nobody knows the users then. */
  userLearnt(id: number, user: number): void {
    if (blockOf(id) === this.#latest) this.#users.add(user);
    else this.#forgetUsers.run(blockOf(id));
  }

  /** No more sessions begin in the block before. */
  #begin(block: number): void {
    if (this.#latest >= 0) this.#merge.run(this.#latest, NEVER, 0, 0, 0, sortedNumbers(this.#users));
    this.#users.clear();
    this.#latest = block;
  }
}

export function blockOf(id: number): number {
  return Math.floor(id / SESSIONS_IN_BLOCK);
}
