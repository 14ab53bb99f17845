import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { User } from '../contract/event.ts';
import type { SessionCountsRow, SessionEventRow, SessionRow } from '../contract/rows.ts';
import type { Batch, Table } from '../contract/sink.ts';
import type { Cells } from '../journal/schema/selection.ts';
import { countsBy, dimensionOf, eventsBy, type RowReader, sessionsBy } from './row-reader.ts';

export const FEED_NAMES = ['events', 'event_changes', 'session_changes', 'counts'] as const;
export type FeedName = (typeof FEED_NAMES)[number];

export type Row = SessionEventRow | SessionRow | SessionCountsRow;

/** One row to deliver. It stands for every number of the log after the entry before it, up to its own. */
export interface Entry {
  readonly number: number;
  readonly row: Row;
  /** Of the numbers before it, those of excluded users. */
  readonly excluded: ExcludedNumbers | null;
}

/** Numbers of a log that are not delivered because their user is excluded. */
export interface ExcludedNumbers {
  readonly count: number;
  readonly last: number;
}

/** All of them as one. */
export function sumOf(parts: readonly (ExcludedNumbers | null)[]): ExcludedNumbers | null {
  return parts.reduce(
    (a, b) => (a === null || b === null ? (a ?? b) : { count: a.count + b.count, last: b.last }),
    null,
  );
}

export interface Reading {
  readonly entries: readonly Entry[];
  /** Numbers of excluded users behind the last entry. */
  readonly excluded: ExcludedNumbers | null;
  readonly through: number;
}

/** One log of the journal, read as rows of one table. Numbers rise by one; the oldest go with retention. */
export interface Feed {
  readonly name: FeedName;
  readonly table: Table;
  /** Number of the last row there is; 0 where there never was one. */
  last(): number;
  /** Number of the oldest row there is; `last() + 1` where there is none. */
  oldest(): number;
  /** Rows after number `after`, in order, standing for at most `limit` numbers: all of them up to `through`. */
  read(after: number, limit: number): Reading;
  /** True where the rules of now exclude its user. */
  isExcluded(row: Row): boolean;
  /** What `row` tells about, as it is now; null where the journal no longer knows it. */
  latest(row: Row): Row | null;
  /** When the first row after number `after` came about, or a little earlier, ms since 1970 UTC; null where there is none. */
  waitingSince(after: number): number | null;
  /** Number of the oldest event that is needed to read what comes after number `after`; null for none. */
  oldestEvent(after: number): number | null;
  /** A number before which there is nothing that came about at `time` or later, and little that came about earlier behind it. */
  numberAt(time: number): number;
}

export function batchOf(table: Table, entries: readonly Entry[]): Batch {
  return { table, rows: entries.map((entry) => entry.row) } as Batch;
}

/** Makes an entry of a record; its row is null where there is none to deliver. */
type ToEntry = (cells: Cells) => { readonly number: number; readonly row: Row | null };

/** How one log is read. Every statement gets its records in order of their numbers. */
interface Log {
  readonly name: FeedName;
  readonly table: Table;
  /**
   * Table and column of the numbers, and the column that says when a row was committed, in units of `tickMs`. It may be
   * late, to be known by the `lookBack` rows before.
   */
  readonly log: string;
  readonly number: string;
  readonly committed: string;
  readonly tickMs: number;
  readonly lookBack: number;
  /** Rows after `?` up to `?`. */
  readonly rows: string;
  readonly toEntry: ToEntry;
  /** The same columns of what has the key that `keyOf` gives, where the number does not matter. */
  readonly latest: string;
  /** The least number of an event that rows after `?` need. */
  readonly oldestEvent?: string;
  readonly keyOf: (row: Row) => (string | number)[];
}

/** The logs that sinks follow, in the order they are delivered in. */
export function createFeeds(
  database: DatabaseSync,
  reader: RowReader,
  isExcluded: (user: User | null) => boolean = () => false,
): Feed[] {
  const { names } = reader;
  const [events, changedEvents] = [eventsBy('e.seq'), eventsBy('c.number')];
  const [sessions, oneSession] = [sessionsBy('c.number'), sessionsBy('0')];
  const counts = countsBy('c.number');
  const event = {
    toEntry: (cells: Cells) => {
      const record = events.record(cells, names);
      return { number: Number(record.number), row: reader.event(record) };
    },
    latest: `SELECT ${events.list} FROM events e WHERE e.seq = ?`,
    keyOf: (row: Row) => [(row as SessionEventRow).seq],
  };
  const logs: Log[] = [
    {
      name: 'events',
      table: 'session_events',
      log: 'events',
      oldestEvent: 'SELECT min(seq) AS n FROM events WHERE seq > ?',
      number: 'seq',
      committed: 'received_at',
      tickMs: 1,
      lookBack: 1,
      rows: `SELECT ${events.list} FROM events e WHERE e.seq > ? AND e.seq <= ? ORDER BY e.seq`,
      ...event,
    },
    {
      name: 'event_changes',
      table: 'session_events',
      log: 'event_changes',
      oldestEvent: 'SELECT min(seq) AS n FROM event_changes WHERE number > ?',
      number: 'number',
      committed: 'at',
      tickMs: 1,
      lookBack: 1,
      rows: `SELECT ${changedEvents.list} FROM event_changes c
        JOIN events e ON e.seq = c.seq WHERE c.number > ? AND c.number <= ? ORDER BY c.number`,
      ...event,
    },
    {
      name: 'session_changes',
      table: 'sessions',
      log: 'session_changes',
      number: 'number',
      committed: 'at',
      tickMs: 1,
      lookBack: 1,
      // A session that changed often is written once.
      rows: `SELECT ${sessions.list} FROM (SELECT max(number) AS number, session FROM session_changes
          WHERE number > ? AND number <= ? GROUP BY session) c
        JOIN sessions s ON s.id = c.session ORDER BY c.number`,
      toEntry: (cells) => {
        const record = sessions.record(cells, names);
        return { number: Number(record.number), row: reader.session(record) };
      },
      latest: `SELECT ${oneSession.list} FROM sessions s WHERE s.id = ?`,
      keyOf: (row) => [reader.numberOf(row as SessionRow)],
    },
    {
      name: 'counts',
      table: 'session_counts',
      log: 'counts',
      number: 'number',
      committed: 'at',
      tickMs: 1000,
      // The second that was counted: of a late line, days ago.
      lookBack: 5_000,
      rows: `SELECT ${counts.list} FROM counts c WHERE c.number > ? AND c.number <= ? ORDER BY c.number`,
      toEntry: (cells) => {
        const record = counts.record(cells, names);
        return { number: Number(record.number), row: reader.counts(record) };
      },
      // A late line may have changed that second since.
      latest: `SELECT ${counts.list} FROM counts c
        WHERE c.dimension = (SELECT id FROM dimensions WHERE name = ?) AND c.at = ?
        ORDER BY c.number DESC LIMIT 1`,
      keyOf: (row) => [dimensionOf(row as SessionCountsRow), (row as SessionCountsRow).at / 1000],
    },
  ];
  return logs.map((log) => new LogFeed(database, log, isExcluded));
}

class LogFeed implements Feed {
  readonly name: FeedName;
  readonly table: Table;
  readonly #tickMs: number;
  readonly #toEntry: ToEntry;
  readonly #keyOf: (row: Row) => (string | number)[];
  readonly #latest: StatementSync;
  readonly #oldestEvent: StatementSync | null;
  readonly #last: StatementSync;
  readonly #oldest: StatementSync;
  readonly #through: StatementSync;
  readonly #rows: StatementSync;
  readonly #committed: StatementSync;

  readonly #isExcluded: (user: User | null) => boolean;

  constructor(
    database: DatabaseSync,
    { log, number, committed, lookBack, ...parts }: Log,
    isExcluded: (user: User | null) => boolean,
  ) {
    this.#isExcluded = isExcluded;
    const { name, table, tickMs, rows, toEntry, latest, oldestEvent, keyOf } = parts;
    this.name = name;
    this.table = table;
    this.#tickMs = tickMs;
    this.#toEntry = toEntry;
    this.#keyOf = keyOf;
    this.#latest = database.prepare(latest);
    this.#latest.setReturnArrays(true);
    this.#oldestEvent = oldestEvent === undefined ? null : database.prepare(oldestEvent);
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
    return Number(this.#last.get()?.['n'] ?? 0);
  }

  oldest(): number {
    return Number(this.#oldest.get()?.['n'] ?? 1);
  }

  read(after: number, limit: number): Reading {
    const through = Number(this.#through.get(after, limit)?.['n'] ?? after);
    const entries: Entry[] = [];
    let excluded: ExcludedNumbers | null = null;
    let before = after;
    for (const cells of this.#rows.all(after, through) as unknown as Cells[]) {
      const { number, row } = this.#toEntry(cells);
      if (row === null) continue;
      if (this.isExcluded(row)) excluded = sumOf([excluded, { count: number - before, last: number }]);
      else {
        entries.push({ number, row, excluded });
        excluded = null;
      }
      before = number;
    }
    return { entries, excluded, through };
  }

  isExcluded(row: Row): boolean {
    return 'user' in row && this.#isExcluded(row.user);
  }

  latest(row: Row): Row | null {
    const cells = this.#latest.get(...this.#keyOf(row)) as unknown as Cells | undefined;
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

  /** One commit earlier than the times say, because they may be a little early. */
  numberAt(time: number): number {
    const first = this.#firstSince(time);
    const before = this.waitingSince(first - 2);
    return before === null ? first : Math.min(first, this.#firstSince(before));
  }

  /** By halves: times rise with the numbers, but for clocks that are set back. */
  #firstSince(time: number): number {
    let [low, high] = [this.oldest(), this.last() + 1];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const at = this.waitingSince(middle - 1);
      if (at === null || at >= time) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
