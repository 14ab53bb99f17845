import type { User } from '../contract/event.ts';
import type {
  AcceptedEventRow,
  EventLineRow,
  SessionCountsRow,
  SessionEventRow,
  SessionRow,
  SessionSnapshotRow,
  SnapshotSessionRow,
  UnfilteredSnapshotRow,
} from '../contract/rows.ts';
import type { Batch, Table } from '../contract/sink.ts';

export const FEED_NAMES = [
  ...(['events', 'event_changes', 'session_changes', 'counts'] as const),
  ...(['polls', 'seen_sessions', 'unfiltered_polls', 'event_lines', 'accepted_events'] as const),
] as const;
export type FeedName = (typeof FEED_NAMES)[number];

export type Row =
  | SessionEventRow
  | EventLineRow
  | AcceptedEventRow
  | SessionRow
  | SessionCountsRow
  | SessionSnapshotRow
  | SnapshotSessionRow
  | UnfilteredSnapshotRow;

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

export type IsExcluded = (user: User | null) => boolean;

/** Entries of what was read after number `after`, without excluded users. */
export function readingOf(
  read: Iterable<{ readonly number: number; readonly row: Row | null }>,
  isExcluded: (row: Row) => boolean,
  after: number,
  through: number,
): Reading {
  const entries: Entry[] = [];
  let excluded: ExcludedNumbers | null = null;
  let before = after;
  for (const { number, row } of read) {
    if (row === null) continue;
    if (isExcluded(row)) excluded = sumOf([excluded, { count: number - before, last: number }]);
    else {
      entries.push({ number, row, excluded });
      excluded = null;
    }
    before = number;
  }
  return { entries, excluded, through };
}

export function excludedOf(entries: readonly Entry[]): Entry['excluded'][] {
  return entries.map(({ excluded }) => excluded);
}

export function batchOf(table: Table, entries: readonly Entry[]): Batch {
  return { table, rows: entries.map((entry) => entry.row) } as Batch;
}

/** One commit earlier than the times say, because they may be a little early. */
export function numberSince(feed: Feed, time: number): number {
  const first = firstSince(feed, time);
  const before = feed.waitingSince(first - 2);
  return before === null ? first : Math.min(first, firstSince(feed, before));
}

/** By halves: times rise with the numbers, but for clocks that are set back. */
function firstSince(feed: Feed, time: number): number {
  let [low, high] = [feed.oldest(), feed.last() + 1];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const at = feed.waitingSince(middle - 1);
    if (at === null || at >= time) high = middle;
    else low = middle + 1;
  }
  return low;
}
