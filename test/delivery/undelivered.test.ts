import { expect, it } from 'vitest';
import { undeliveredBy } from '../../src/delivery/books.ts';
import { NOTHING_UNDELIVERED, Retention } from '../../src/journal/write/retention.ts';
import { StoredSite } from '../journal/stored-site.ts';
import { EPOCH, SETTINGS } from '../sessions/model/event-arbitrary.ts';
import { DeliveryUnderTest, TableSink } from './delivery-loop-under-test.ts';
import { applyVisits, eventAt } from './visits.ts';

const DAY = 86_400_000;

it('retention leaves an event that is delivered, while a change of it is not', async () => {
  const stored = new StoredSite(SETTINGS);
  const sink = new TableSink();
  const under = new DeliveryUnderTest(stored, sink);
  stored.apply(eventAt('session_stop', EPOCH + 10_000, 'anna'));
  stored.commit(EPOCH + 10_500, true);
  await under.deliver();
  // Its Start arrives late; the sink takes that and goes away before it hears what it means for the Stop.
  stored.apply(eventAt('session_start', EPOCH, 'anna', EPOCH + 11_000));
  stored.commit(EPOCH + 11_500, true);
  let writes = 0;
  sink.onWrite = async (_batch, take) => {
    writes += 1;
    if (writes > 1) throw new Error('away');
    take();
  };
  await under.deliver(() => writes > 1);
  applyVisits(stored, 1, EPOCH + 40 * DAY);
  const retention = new Retention(stored.database, { retentionMs: 10 * DAY, maxBytes: 1e15 });
  retention.undelivered = under.undelivered();
  for (let n = 0; n < 3; n += 1) retention.step(EPOCH + 40 * DAY);
  sink.onWrite = async (_batch, take) => take();
  await under.deliver();
  expect(sink.kept.session_events.get('store-1')).toMatchObject({ sessionId: 'store-1' });
  retention.undelivered = under.undelivered();
  retention.step(EPOCH + 40 * DAY);
  expect(stored.database.prepare('SELECT min(seq) AS seq FROM events').get()).toEqual({ seq: 3 });
  under.checkIdentity();
  under.dispose();
  stored.dispose();
});

it('retention leaves nothing for want of a sink, and everything for a new one', () => {
  const stored = new StoredSite(SETTINGS);
  stored.site.started(0);
  applyVisits(stored, 3, EPOCH);
  stored.site.tick(EPOCH + 10_000);
  stored.commit(EPOCH + 10_000, true);
  const under = new DeliveryUnderTest(stored, new TableSink());
  expect(undeliveredBy([], under.store)).toEqual({
    ...NOTHING_UNDELIVERED,
    countsSince: NOTHING_UNDELIVERED.countsSince - 7 * DAY,
  });
  const follower = (name: string) => ({ sink: { name }, feeds: under.feeds });
  const [done, table] = [follower('done'), follower('table')] as const;
  // The one that has got all of it holds up nothing for the other.
  under.store.cursor('done', 'events', 1);
  for (const feed of under.feeds) {
    under.store.cursor('done', feed.name, 1);
    under.store.delivered('done', feed.name, feed.last());
  }
  const ofDone = undeliveredBy([done], under.store);
  const lasts = Object.fromEntries(under.feeds.map((feed) => [feed.name, feed.last() + 1]));
  expect(ofDone).toMatchObject({
    events: lasts['events'],
    eventChanges: lasts['event_changes'],
    sessionChanges: lasts['session_changes'],
    sessionsSince: Number.MAX_SAFE_INTEGER,
    counts: lasts['counts'],
  });
  // What it has taken, and is not yet where it is needed, is left too.
  const waiting = { ...done, sink: { name: 'done', safeThrough: () => 2 } };
  expect(undeliveredBy([waiting], under.store).events).toBe(3);
  expect(undeliveredBy([done, table], under.store)).toEqual({
    events: 1,
    eventChanges: 1,
    sessionChanges: 1,
    // When the state before was committed.
    sessionsSince: 0,
    counts: 1,
    countsSince: Math.floor(EPOCH / 1_000) * 1_000 - 7 * DAY,
    polls: 1,
    seenSessions: 1,
    keptUnfiltered: 1,
    unfiltered: 1,
    // None was kept so far: from the next event on.
    lines: 7,
  });
  under.dispose();
  stored.dispose();
});
