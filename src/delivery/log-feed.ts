import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Table } from '../contract/sink.ts';
import type { Cells } from '../journal/schema/selection.ts';
import {
  type Feed,
  type FeedName,
  type IsExcluded,
  numberSince,
  type Reading,
  type Row,
  readingOf,
} from './feed.ts';

/** Makes an entry of a record; its row is null where there is none to deliver. */
export type ToEntry = (cells: Cells) => { readonly number: number; readonly row: Row | null };

/** How one log is read. Every statement gets its records in order of their numbers. */
export interface Log {
  readonly name: FeedName;
  readonly table: Table;
  /**
   * Table and column of the numbers, and the column that says when a row was committed, in units of `tickMs`. It may be
   * late, to be known by the `lookBack` rows before.
   */
  readonly log: string;
  readonly number: string;
  /** The number before the next one, where the log may be empty although there were some before. */
  readonly lastOfEmpty?: string;
  readonly committed: string;
  readonly tickMs: number;
  readonly lookBack: number;
  /** Rows after `?` up to `?`. */
  readonly rows: string;
  readonly toEntry: ToEntry;
  /** The least number of an event that rows after `?` need. */
  readonly oldestEvent?: string;
  /** The same columns of what has the key that `keyOf` gives, where the number does not matter; without it rows never change. */
  readonly latest?: { readonly sql: string; readonly keyOf: (row: Row) => (string | number)[] };
}

/** A log of the journal that has a record for each number. */
export class LogFeed implements Feed {
  readonly name: FeedName;
  readonly table: Table;
  readonly #tickMs: number;
  readonly #toEntry: ToEntry;
  readonly #latest: {
    readonly statement: StatementSync;
    readonly keyOf: (row: Row) => (string | number)[];
  } | null;
  readonly #oldestEvent: StatementSync | null;
  readonly #last: StatementSync;
  readonly #oldest: StatementSync;
  readonly #lastOfEmpty: StatementSync | null;
  readonly #through: StatementSync;
  readonly #rows: StatementSync;
  readonly #committed: StatementSync;

  readonly #isExcluded: IsExcluded;

  constructor(
    database: DatabaseSync,
    { log, number, committed, lookBack, ...parts }: Log,
    isExcluded: IsExcluded = () => false,
  ) {
    this.#isExcluded = isExcluded;
    const { name, table, tickMs, rows, toEntry, latest, oldestEvent, lastOfEmpty } = parts;
    this.name = name;
    this.table = table;
    this.#tickMs = tickMs;
    this.#toEntry = toEntry;
    this.#latest =
      latest === undefined ? null : { statement: database.prepare(latest.sql), keyOf: latest.keyOf };
    this.#latest?.statement.setReturnArrays(true);
    this.#oldestEvent = oldestEvent === undefined ? null : database.prepare(oldestEvent);
    this.#lastOfEmpty = lastOfEmpty === undefined ? null : database.prepare(lastOfEmpty);
    this.#last = database.prepare(`SELECT max(${number}) AS n FROM ${log}`);
    this.#oldest = database.prepare(`SELECT min(${number}) AS n FROM ${log}`);
    this.#through = database.prepare(
      `SELECT max(n) AS n FROM (SELECT ${number} AS n FROM ${log} WHERE ${number} > ? ORDER BY ${number} LIMIT ?)`,
    );
    this.#rows = database.prepare(rows);
    this.#rows.setReturnArrays(true);
    this.#committed = database.prepare(
      `SELECT (SELECT max(at) FROM (SELECT ${committed} AS at FROM ${log} WHERE ${number} <= first.n
         ORDER BY ${number} DESC LIMIT ${lookBack})) AS at
       FROM (SELECT ${number} AS n FROM ${log} WHERE ${number} > ? ORDER BY ${number} LIMIT 1) first`,
    );
  }

  last(): number {
    return Number(this.#last.get()?.['n'] ?? this.#lastOfEmpty?.get()?.['n'] ?? 0);
  }

  oldest(): number {
    return Number(this.#oldest.get()?.['n'] ?? this.last() + 1);
  }

  read(after: number, limit: number): Reading {
    const through = Number(this.#through.get(after, limit)?.['n'] ?? after);
    const read = through > after ? (this.#rows.all(after, through) as unknown as Cells[]) : [];
    return readingOf(read.map(this.#toEntry), (row) => this.isExcluded(row), after, through);
  }

  isExcluded(row: Row): boolean {
    return 'user' in row && this.#isExcluded(row.user);
  }

  latest(row: Row): Row | null {
    if (this.#latest === null) return row;
    const { statement, keyOf } = this.#latest;
    const cells = statement.get(...keyOf(row)) as unknown as Cells | undefined;
    return cells === undefined ? null : this.#toEntry(cells).row;
  }

  waitingSince(after: number): number | null {
    const row = this.#committed.get(after);
    return row === undefined ? null : Number(row['at']) * this.#tickMs;
  }

  oldestEvent(after: number): number | null {
    const n = this.#oldestEvent?.get(after)?.['n'] ?? null;
    return n === null ? null : Number(n);
  }

  numberAt(time: number): number {
    return numberSince(this, time);
  }
}
