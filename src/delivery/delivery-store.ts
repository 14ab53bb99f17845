import { existsSync } from 'node:fs';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { databaseTrouble } from '../journal/journal-file.ts';
import { adopt, deliveryFile, openDeliveryFile } from './delivery-file.ts';
import { type ExcludedNumbers, FEED_NAMES, type FeedName } from './feed.ts';

/** How long commands wait for the file. */
const BUSY_MS = 10_000;
/** The thread has other sinks to serve, and it may be time to stop: an offer whose cursor was not written is made again. */
const THREAD_BUSY_MS = 500;

/**
 * `dead`: set aside; `retry`: to be offered again; `dropped`: given up by the operator, only counted; `excluded`: never
 * offered, since the blacklist excludes their users, only counted.
 */
export type DeadLetterState = 'dead' | 'retry' | 'dropped' | 'excluded';

export interface DeadLetter {
  readonly id: number;
  readonly sink: string;
  readonly feed: FeedName;
  readonly number: number;
  /** How many numbers of the log it stands for. */
  readonly numbers: number;
  readonly state: DeadLetterState;
  /** When it was set aside, ms since 1970 UTC. */
  readonly at: number;
  readonly reason: string;
  /** The row as JSON; null where it was dropped. */
  readonly data: string | null;
}

export interface Cursor {
  readonly first: number;
  readonly done: number;
  readonly delivered: number;
  readonly passedByRetention: number;
}

/** Where each sink is, and what it could not take. Used by the delivery thread and, at the same time, by commands. */
export class DeliveryStore {
  readonly #file: string;
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  constructor(directory: string, busyMs = BUSY_MS) {
    this.#file = deliveryFile(directory);
    this.#database = openDeliveryFile(directory, busyMs);
  }

  /** For the delivery of one journal's rows: what is known of another journal is put away. */
  static of(directory: string, storeId: string): DeliveryStore {
    const store = new DeliveryStore(directory, THREAD_BUSY_MS);
    adopt(store.#database, directory, storeId);
    return store;
  }

  static exists(directory: string): boolean {
    return existsSync(deliveryFile(directory));
  }

  #run(sql: string, ...values: (string | number | null)[]): number {
    return this.#saying(() => Number(this.#prepared(sql).run(...values).changes));
  }

  #prepared(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  /** A full disk here is not that of the sink's database. */
  #saying<T>(write: () => T): T {
    try {
      return write();
    } catch (error) {
      throw new Error(`${this.#file}: ${databaseTrouble(error)}`);
    }
  }

  #atomically(write: () => void): void {
    this.#saying(() => this.#database.exec('BEGIN IMMEDIATE'));
    try {
      write();
      this.#saying(() => this.#database.exec('COMMIT'));
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw error;
    }
  }

  /** Where a sink is in a feed; a new one begins at `oldest`. */
  cursor(sink: string, feed: FeedName, oldest: number): Cursor {
    const row = this.#prepared('SELECT * FROM cursors WHERE sink = ? AND feed = ?').get(sink, feed);
    if (row === undefined) {
      this.#run('INSERT INTO cursors VALUES (?, ?, ?, ?, 0, 0)', sink, feed, oldest, oldest - 1);
      return { first: oldest, done: oldest - 1, delivered: 0, passedByRetention: 0 };
    }
    return {
      first: Number(row['first']),
      done: Number(row['done']),
      delivered: Number(row['delivered']),
      passedByRetention: Number(row['passed_by_retention']),
    };
  }

  /** Everything up to number `through` is delivered at `at`, but for what is of `excluded` users. */
  delivered(
    sink: string,
    feed: FeedName,
    through: number,
    excluded: ExcludedNumbers | null = null,
    at = 0,
  ): void {
    const move = (): void => {
      this.#run(
        'UPDATE cursors SET delivered = delivered + ? - done - ?, done = ? WHERE sink = ? AND feed = ?',
        ...[through, excluded?.count ?? 0, through, sink, feed],
      );
    };
    if (excluded === null) {
      move();
      return;
    }
    this.#atomically(() => {
      move();
      this.#run(
        `INSERT OR REPLACE INTO dead_letters (sink, feed, number, numbers, state, at, reason)
         VALUES (?, ?, ?, ?, 'excluded', ?, 'blacklist')`,
        ...[sink, feed, excluded.last, excluded.count, at],
      );
    });
  }

  /** Retention has deleted everything up to number `through`. */
  passedByRetention(sink: string, feed: FeedName, through: number): void {
    this.#run(
      `UPDATE cursors SET passed_by_retention = passed_by_retention + ? - done, done = ?
       WHERE sink = ? AND feed = ?`,
      ...[through, through, sink, feed],
    );
  }

  /** The journal ends with number `last`, which is before what was done: an older one was put back. */
  steppedBack(sink: string, feed: FeedName, last: number): void {
    this.#atomically(() => {
      this.#run('DELETE FROM dead_letters WHERE sink = ? AND feed = ? AND number > ?', sink, feed, last);
      const { dead, dropped, excluded } = this.setAsideCounts(sink, feed);
      const aside = dead + dropped + excluded;
      this.#run(
        `UPDATE cursors SET done = ?1, first = min(first, ?1 + 1),
           passed_by_retention = min(passed_by_retention, ?1 + 1 - min(first, ?1 + 1) - ?2) WHERE sink = ?3 AND feed = ?4`,
        ...[last, aside, sink, feed],
      );
      this.#run(
        'UPDATE cursors SET delivered = ?1 + 1 - first - ?2 - passed_by_retention WHERE sink = ?3 AND feed = ?4',
        ...[last, aside, sink, feed],
      );
    });
  }

  /** The row under `number`, the next that is not delivered, is set aside. */
  setAside(sink: string, feed: FeedName, number: number, at: number, reason: string, data: string): void {
    this.#atomically(() => {
      this.#run(
        `INSERT OR REPLACE INTO dead_letters (sink, feed, number, numbers, state, at, reason, data)
         SELECT sink, feed, ?1, ?1 - done, 'dead', ?4, ?5, ?6 FROM cursors WHERE sink = ?2 AND feed = ?3`,
        ...[number, sink, feed, at, reason, data],
      );
      this.#run('UPDATE cursors SET done = ? WHERE sink = ? AND feed = ?', number, sink, feed);
    });
  }

  /** Makes everything from number `from` on pending again, what was set aside or dropped included. */
  rewind(sink: string, feed: FeedName, from: number): void {
    this.#atomically(() => {
      this.#run('DELETE FROM dead_letters WHERE sink = ? AND feed = ? AND number >= ?', sink, feed, from);
      this.#run(
        `UPDATE cursors SET done = ?1 - 1, delivered = ?1 - first - passed_by_retention - (
           SELECT coalesce(sum(numbers), 0) FROM dead_letters WHERE sink = ?2 AND feed = ?3)
         WHERE sink = ?2 AND feed = ?3 AND done >= ?1`,
        ...[from, sink, feed],
      );
    });
  }

  /** Numbers that stand aside, by state. */
  setAsideCounts(sink: string, feed: FeedName): { dead: number; dropped: number; excluded: number } {
    const row = this.#prepared(
      `SELECT coalesce(sum(numbers) FILTER (WHERE state NOT IN ('dropped', 'excluded')), 0) AS dead,
         coalesce(sum(numbers) FILTER (WHERE state = 'dropped'), 0) AS dropped,
         coalesce(sum(numbers) FILTER (WHERE state = 'excluded'), 0) AS excluded
       FROM dead_letters WHERE sink = ? AND feed = ?`,
    ).get(sink, feed);
    const [dead, dropped, excluded] = ['dead', 'dropped', 'excluded'].map((state) => Number(row?.[state]));
    return { dead: dead ?? 0, dropped: dropped ?? 0, excluded: excluded ?? 0 };
  }

  /** Dead letters of these feeds to offer again, oldest first. */
  toRetry(sink: string, feeds: readonly FeedName[], limit: number): DeadLetter[] {
    return this.#prepared(
      `SELECT * FROM dead_letters WHERE sink = ? AND state = 'retry' AND feed IN (SELECT value FROM json_each(?))
       ORDER BY id LIMIT ?`,
    )
      .all(sink, JSON.stringify(feeds), limit)
      .map(deadLetter);
  }

  /** A dead letter was delivered after all. */
  revived({ id, sink, feed, numbers }: DeadLetter): void {
    this.#atomically(() => {
      this.#run('DELETE FROM dead_letters WHERE id = ?', id);
      this.#run(
        'UPDATE cursors SET delivered = delivered + ? WHERE sink = ? AND feed = ?',
        ...[numbers, sink, feed],
      );
    });
  }

  /** A dead letter was refused once more. */
  refusedAgain(id: number, at: number, reason: string): void {
    this.#run("UPDATE dead_letters SET state = 'dead', at = ?, reason = ? WHERE id = ?", at, reason, id);
  }

  /** For commands: dead letters, oldest first. `sink` null is every sink. */
  *list(sink: string | null): Iterable<DeadLetter> {
    const rows = this.#database
      .prepare(
        "SELECT * FROM dead_letters WHERE state NOT IN ('dropped', 'excluded') AND (?1 IS NULL OR sink = ?1) ORDER BY id",
      )
      .iterate(sink);
    for (const row of rows) yield deadLetter(row);
  }

  /** For commands: asks for dead letters to be offered again; `id` null is all of them. Returns how many. */
  retry(sink: string, id: number | null): number {
    const which = "sink = ?1 AND (?2 IS NULL OR id = ?2) AND state = 'dead'";
    return this.#run(`UPDATE dead_letters SET state = 'retry' WHERE ${which}`, sink, id);
  }

  /** For commands: gives dead letters up. They stay counted. Returns how many. */
  drop(sink: string, id: number | null): number {
    const which = "sink = ?1 AND (?2 IS NULL OR id = ?2) AND state NOT IN ('dropped', 'excluded')";
    return this.#run(`UPDATE dead_letters SET state = 'dropped', data = NULL WHERE ${which}`, sink, id);
  }

  /** For commands: asks that everything committed since then (ms) is delivered again. */
  requestResend(sink: string, since: number): void {
    this.#run('INSERT INTO resends (sink, since) VALUES (?, ?)', sink, since);
  }

  requestedResends(sink: string): { id: number; since: number }[] {
    return this.#prepared('SELECT id, since FROM resends WHERE sink = ? ORDER BY id')
      .all(sink)
      .map((row) => ({ id: Number(row['id']), since: Number(row['since']) }));
  }

  resendBegun(id: number): void {
    this.#run('DELETE FROM resends WHERE id = ?', id);
  }

  /** Feeds of which a sink ever got something. */
  feedsOf(sink: string): string[] {
    const rows = this.#prepared('SELECT feed FROM cursors WHERE sink = ?').all(sink);
    return rows.map((row) => String(row['feed']));
  }

  /** Names of all sinks that ever got something. */
  sinks(): string[] {
    return this.#prepared('SELECT DISTINCT sink FROM cursors ORDER BY sink')
      .all()
      .map((row) => String(row['sink']));
  }

  close(): void {
    this.#database.close();
  }
}

function deadLetter(row: Record<string, unknown>): DeadLetter {
  const feed = FEED_NAMES.find((name) => name === row['feed']);
  if (feed === undefined) throw new Error(`unknown feed ${JSON.stringify(row['feed'])}`);
  return {
    id: Number(row['id']),
    sink: String(row['sink']),
    feed,
    number: Number(row['number']),
    numbers: Number(row['numbers']),
    state: row['state'] as DeadLetterState,
    at: Number(row['at']),
    reason: String(row['reason']),
    data: row['data'] as string | null,
  };
}
