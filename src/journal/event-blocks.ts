import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { sortedNumbers } from './marks.ts';

/** Events in a block: each block found costs a search so many rows. */
export const EVENTS_IN_BLOCK = 4_096;

const MERGE_BLOCK = `
INSERT INTO event_blocks (block, at_from, at_to, kinds, users, strings) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (block) DO UPDATE SET at_from = excluded.at_from, at_to = excluded.at_to, kinds = excluded.kinds,
  users = excluded.users, strings = excluded.strings`;

/** Of events that retention has deleted. */
export const DELETE_EVENT_BLOCKS = `
DELETE FROM event_blocks WHERE block < coalesce((SELECT min(seq) FROM events), 0) / ${EVENTS_IN_BLOCK}`;

/**
 * What is in each block of events, so that a search reads only blocks in which it may find something: times, kinds (a bit
 * each), and of a block that is full the numbers of its users and of its hosts, virtual proxies and apps, sorted. An index
 * of the events would cost as much as the events; this costs a few percent.
 */
export class EventBlocks {
  readonly #database: DatabaseSync;
  readonly #merge: StatementSync;
  #block = -1;
  #atFrom = 0;
  #atTo = 0;
  #kinds = 0;
  readonly #users = new Set<number>();
  readonly #strings = new Set<number>();

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#merge = database.prepare(MERGE_BLOCK);
    this.reload();
  }

  /** Takes what is stored for the truth: at the start, and when a batch was rolled back. */
  reload(): void {
    this.#begin(-1);
    const latest = this.#database.prepare('SELECT max(seq) AS seq FROM events').get()?.['seq'];
    if (latest === null || latest === undefined) return;
    const first = blockOf(Number(latest)) * EVENTS_IN_BLOCK;
    const rows = this.#database
      .prepare('SELECT seq, kind, at, host, user, app, virtual_proxy FROM events WHERE seq >= ?')
      .iterate(first);
    for (const { seq, kind, at, host, user, app, virtual_proxy: proxy } of rows) {
      this.add(Number(seq), Number(kind), Number(at), Number(user), Number(host), Number(app), Number(proxy));
    }
  }

  /** Takes one event, which is to be stored; from `user` on: numbers of names, 0 for none. */
  add(
    seq: number,
    kind: number,
    at: number,
    user: number,
    host: number,
    app: number,
    virtualProxy: number,
  ): void {
    const block = blockOf(seq);
    if (block !== this.#block) {
      if (this.#block >= 0) this.#write(sortedNumbers(this.#users), sortedNumbers(this.#strings));
      this.#begin(block);
    }
    this.#atFrom = Math.min(this.#atFrom, at);
    this.#atTo = Math.max(this.#atTo, at);
    this.#kinds |= 1 << kind;
    this.#users.add(user);
    this.#strings.add(host).add(app).add(virtualProxy);
  }

  /** Writes what is known of the block in progress; to be called before each commit. */
  flush(): void {
    if (this.#block >= 0) this.#write(null, null);
  }

  #begin(block: number): void {
    this.#block = block;
    this.#atFrom = Number.MAX_SAFE_INTEGER;
    this.#atTo = 0;
    this.#kinds = 0;
    this.#users.clear();
    this.#strings.clear();
  }

  #write(users: Uint8Array | null, strings: Uint8Array | null): void {
    this.#merge.run(this.#block, this.#atFrom, this.#atTo, this.#kinds, users, strings);
  }
}

export function blockOf(seq: number): number {
  return Math.floor(seq / EVENTS_IN_BLOCK);
}
