import { expect, test } from 'vitest';
import { Retention } from '../../src/journal/write/retention.ts';
import { StoredSite } from '../journal/stored-site.ts';
import { EPOCH, SETTINGS } from '../sessions/model/event-arbitrary.ts';
import { DeliveryUnderTest, TableSink } from './delivery-loop-under-test.ts';
import { applyVisits, eventAt } from './visits.ts';

const DAY = 86_400_000;

test('retention leaves an event that is delivered, while a change of it is not', async () => {
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
