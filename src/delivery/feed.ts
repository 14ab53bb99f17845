import type {
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
  ...(['polls', 'seen_sessions', 'unfiltered_polls'] as const),
] as const;
export type FeedName = (typeof FEED_NAMES)[number];

export type Row =
  | SessionEventRow
  | SessionRow
  | SessionCountsRow
  | SessionSnapshotRow
  | SnapshotSessionRow
  | UnfilteredSnapshotRow;

/** One row to deliver. It stands for every number of the log after the entry before it, up to its own. */
export interface Entry {
  readonly number: number;
  readonly row: Row;
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
  read(after: number, limit: number): { readonly entries: Entry[]; readonly through: number };
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
