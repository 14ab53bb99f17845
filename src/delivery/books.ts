import { secondsOf } from '../contract/seconds.ts';
import { ALL_TABLES, type Sink, type SinkStats, type TableStats } from '../contract/sink.ts';
import { NOTHING_UNDELIVERED, type Undelivered } from '../journal/write/retention.ts';
import type { DeliveryLoop } from './delivery-loop.ts';
import type { DeliveryStore } from './delivery-store.ts';
import type { Feed, FeedName } from './feed.ts';

/** What to say of one sink: of the tables that it wants, and no others. `now`: ms since 1970 UTC. */
export function sinkStats(
  delivery: DeliveryLoop,
  type: string,
  store: DeliveryStore,
  now: number,
): SinkStats {
  const { sink, feeds, trouble } = delivery;
  const parts = feeds.map((feed) => ({ table: feed.table, ...feedStats(sink.name, feed, store) }));
  const tables = ALL_TABLES.filter((table) => sink.tables.includes(table)).map(
    (table): TableStats => ({ table, ...sum(parts.filter((part) => part.table === table)) }),
  );
  const since = parts.flatMap(({ waitingSince }) => waitingSince ?? []);
  const { rows: _, ...total } = sum(tables);
  return {
    ...delivery.details(),
    name: sink.name,
    type,
    up: trouble === null,
    ...total,
    lagSeconds: since.length === 0 ? 0 : secondsOf(Math.max(0, now - Math.min(...since))),
    lastError: trouble,
    tables,
  };
}

type Counts = Omit<TableStats, 'table'>;

function feedStats(sink: string, feed: Feed, store: DeliveryStore): Counts & { waitingSince: number | null } {
  const { first, done, delivered, passedByRetention } = store.cursor(sink, feed.name, feed.oldest());
  const { dead, dropped, excluded } = store.setAsideCounts(sink, feed.name);
  const last = Math.max(feed.last(), done);
  return {
    rows: last - first + 1,
    delivered,
    pending: last - done,
    deadLettered: dead,
    dropped: {
      ...(passedByRetention > 0 ? { retention: passedByRetention } : {}),
      ...(dropped > 0 ? { operator: dropped } : {}),
      ...(excluded > 0 ? { excluded } : {}),
    },
    waitingSince: feed.waitingSince(done),
  };
}

function sum(parts: readonly Counts[]): Counts {
  const add = (pick: (part: Counts) => number): number =>
    parts.reduce((total, part) => total + pick(part), 0);
  const reasons = new Set(parts.flatMap(({ dropped }) => Object.keys(dropped)));
  return {
    rows: add(({ rows }) => rows),
    delivered: add(({ delivered }) => delivered),
    pending: add(({ pending }) => pending),
    deadLettered: add(({ deadLettered }) => deadLettered),
    dropped: Object.fromEntries(
      [...reasons].map((reason) => [reason, add(({ dropped }) => dropped[reason] ?? 0)]),
    ),
  };
}

/** How long ago the second may be that a late line adds to. */
const MOST_LATE_MS = 7 * 86_400_000;

/** A sink, and the feeds of the tables that it wants. */
interface Follower {
  readonly sink: Pick<Sink, 'name'> & Partial<Pick<Sink, 'safeThrough'>>;
  readonly feeds: readonly Feed[];
}

/**
 * What retention must leave, because one of the sinks that are `keeping` wants it and has yet to get it. Whole answers and
 * words of lines are there for any sink that wants them, so of those it says how far all sinks are.
 */
export function undeliveredBy(
  keeping: readonly Follower[],
  store: DeliveryStore,
  all: readonly Follower[] = keeping,
): Undelivered {
  const { unfiltered, lines } = nextOf(all, store);
  return { ...nextOf(keeping, store), unfiltered, lines };
}

function nextOf(followers: readonly Follower[], store: DeliveryStore): Undelivered {
  const waiting = followers.flatMap(({ sink, feeds }) =>
    feeds.map((feed) => {
      const { done } = store.cursor(sink.name, feed.name, feed.oldest());
      return { feed, done: Math.min(done, sink.safeThrough?.(feed.table) ?? done) };
    }),
  );
  const events = waiting.flatMap(({ feed, done }) => feed.oldestEvent(done) ?? []);
  const next = (name: FeedName): { number: number; since: number } => {
    const those = waiting.filter(({ feed }) => feed.name === name);
    const [first] = those;
    if (first === undefined) return { number: Number.MAX_SAFE_INTEGER, since: Number.MAX_SAFE_INTEGER };
    const done = Math.min(...those.map((each) => each.done));
    return { number: done + 1, since: first.feed.waitingSince(done) ?? Number.MAX_SAFE_INTEGER };
  };
  const sessions = next('session_changes');
  const counts = next('counts');
  return {
    ...NOTHING_UNDELIVERED,
    events: Math.min(next('events').number, ...events),
    eventChanges: next('event_changes').number,
    sessionChanges: sessions.number,
    sessionsSince: sessions.since,
    counts: counts.number,
    countsSince: counts.since - MOST_LATE_MS,
    polls: next('polls').number,
    seenSessions: next('seen_sessions').number,
    keptUnfiltered: next('unfiltered_polls').number,
    unfiltered: next('unfiltered_polls').number,
    lines: next('event_lines').number,
  };
}
