import { NOTHING_UNDELIVERED, type Undelivered } from '../journal/retention.ts';
import type { DeliveryStore } from './delivery-store.ts';
import type { Feed, FeedName } from './feed.ts';

/** How long ago the second may be that a late line adds to. */
const MOST_LATE_MS = 7 * 86_400_000;

/** What retention must leave, because one of these sinks has yet to get it. */
export function undeliveredBy(
  sinks: readonly string[],
  feeds: readonly Feed[],
  store: DeliveryStore,
): Undelivered {
  const done = (sink: string, feed: Feed): number => store.cursor(sink, feed.name, feed.oldest()).done;
  const events = sinks.flatMap((sink) => feeds.flatMap((feed) => feed.oldestEvent(done(sink, feed)) ?? []));
  const next = (name: FeedName): { number: number; since: number } => {
    const feed = feeds.find((each) => each.name === name);
    if (feed === undefined || sinks.length === 0) {
      return { number: Number.MAX_SAFE_INTEGER, since: Number.MAX_SAFE_INTEGER };
    }
    const last = Math.min(...sinks.map((sink) => done(sink, feed)));
    return { number: last + 1, since: feed.waitingSince(last) ?? Number.MAX_SAFE_INTEGER };
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
  };
}
