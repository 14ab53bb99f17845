import { NOTHING_UNDELIVERED, type Undelivered } from '../journal/retention.ts';
import type { DeliveryStore } from './delivery-store.ts';
import type { Feed, FeedName } from './feed.ts';

/** What retention must leave, because one of these sinks has yet to get it. */
export function undeliveredBy(
  sinks: readonly string[],
  feeds: readonly Feed[],
  store: DeliveryStore,
): Undelivered {
  const next = (name: FeedName): { number: number; since: number } => {
    const feed = feeds.find((each) => each.name === name);
    if (feed === undefined || sinks.length === 0) {
      return { number: Number.MAX_SAFE_INTEGER, since: Number.MAX_SAFE_INTEGER };
    }
    const done = Math.min(...sinks.map((sink) => store.cursor(sink, name, feed.oldest()).done));
    return { number: done + 1, since: feed.waitingSince(done) ?? Number.MAX_SAFE_INTEGER };
  };
  const sessions = next('session_changes');
  const counts = next('counts');
  return {
    ...NOTHING_UNDELIVERED,
    events: next('events').number,
    eventChanges: next('event_changes').number,
    sessionChanges: sessions.number,
    sessionsSince: sessions.since,
    counts: counts.number,
    countsSince: counts.since,
  };
}
