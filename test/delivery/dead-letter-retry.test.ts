import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { PoisonRowError, type Table } from '../../src/contract/sink.ts';
import { StoredSite } from '../journal/stored-site.ts';
import { EPOCH, SETTINGS } from '../sessions/model/event-arbitrary.ts';
import { DeliveryUnderTest, TableSink } from './delivery-loop-under-test.ts';
import { applyVisits, eventAt } from './visits.ts';

let stored: StoredSite;
let sink: TableSink;
let under: DeliveryUnderTest;
beforeEach(() => {
  stored = new StoredSite(SETTINGS);
  stored.site.started(0);
  sink = new TableSink();
  under = new DeliveryUnderTest(stored, sink);
});
afterEach(() => {
  under.dispose();
  stored.dispose();
});

function refuse(table: Table): void {
  sink.onWrite = async (batch, take) => {
    if (batch.table === table) throw new PoisonRowError(0, 'not a number');
    take();
  };
}

function mend(): void {
  sink.onWrite = async (_batch, take) => take();
}

async function startAt(at: number, user: string, arrival: number): Promise<void> {
  stored.apply(eventAt('session_start', at, user, arrival));
  const second = Math.floor(arrival / 1_000) * 1_000 + 1_000;
  stored.site.tick(second);
  stored.commit(second, true);
  await under.deliver();
}

async function retryAll(): Promise<void> {
  under.store.retry('table', null);
  await under.deliver();
}

/** The books add up, and the sink has what one that was never away has. */
async function checkTruth(): Promise<void> {
  under.checkIdentity();
  const fresh = new TableSink('fresh');
  const other = new DeliveryUnderTest(stored, fresh);
  await other.deliver();
  expect(sink.kept).toEqual(fresh.kept);
  other.dispose();
}

describe('a dead letter that is tried again', () => {
  test('leaves the counts of a second that went on after it was set aside', async () => {
    refuse('session_counts');
    await startAt(EPOCH, 'anna', EPOCH);
    mend();
    await startAt(EPOCH, 'bert', EPOCH + 5_000);
    await retryAll();
    expect(sink.kept.session_counts.get(`${EPOCH} all null`)).toMatchObject({ created: 2 });
    await checkTruth();
  });

  test('is the session as it is now, also when it was set aside so long ago that its change is forgotten', async () => {
    refuse('sessions');
    await startAt(EPOCH, 'anna', EPOCH);
    mend();
    stored.apply(eventAt('session_stop', EPOCH + 60_000, 'anna'));
    stored.commit(EPOCH + 61_000, true);
    await under.deliver();
    stored.database.exec('DELETE FROM session_changes WHERE number = 1');
    await retryAll();
    expect([...sink.kept.sessions.values()]).toMatchObject([{ endReason: 'stop' }]);
    await checkTruth();
  });

  test('is the event as it is now, which belongs to a session by then', async () => {
    refuse('session_events');
    await startAt(EPOCH, 'anna', EPOCH);
    const before = sink.kept.session_events.size;
    mend();
    await retryAll();
    expect([before, sink.kept.session_events.size]).toEqual([0, 1]);
    await checkTruth();
  });

  test('is what was set aside, where retention has deleted the event', async () => {
    refuse('session_events');
    applyVisits(stored, 1, EPOCH);
    await under.deliver();
    mend();
    applyVisits(stored, 1, EPOCH + 1_000);
    await under.deliver();
    stored.database.exec('DELETE FROM events WHERE seq <= 2');
    await retryAll();
    expect(sink.kept.session_events.size).toBe(4);
    under.checkIdentity();
  });
});
