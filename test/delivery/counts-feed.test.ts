import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { StoredSite } from '../journal/stored-site.ts';
import { EPOCH, SETTINGS } from '../sessions/model/event-arbitrary.ts';
import { DeliveryUnderTest, TableSink } from './delivery-loop-under-test.ts';
import { eventAt } from './visits.ts';

const DAY = 86_400_000;

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

function countIn(second: number, user: string, arrival: number): void {
  stored.apply(eventAt('session_start', second, user, arrival));
  stored.site.tick(arrival + 1_000);
  stored.commit(arrival + 1_000, true);
}

describe('counts of seconds long past, which late lines add to', () => {
  test('are sent again with everything else that was counted since then', async () => {
    for (let n = 0; n < 40; n += 1) {
      // Of each ten seconds, the last nine hear of nothing but lines that are days late.
      const late = n % 10 === 0 ? 0 : (3 + (n % 4)) * DAY;
      countIn(EPOCH + n * 1_000 - late, `u${n}`, EPOCH + n * 1_000);
    }
    await under.deliver();
    for (let since = EPOCH; since < EPOCH + 40_000; since += 1_000) {
      const before = new Map(sink.kept.session_counts);
      sink.kept.session_counts.clear();
      under.store.requestResend('table', since);
      await under.deliver();
      const wanted = [...before.values()].filter((row) => 'scope' in row && row.at >= since);
      expect([...sink.kept.session_counts.values()]).toEqual(expect.arrayContaining(wanted));
      for (const [key, row] of before) sink.kept.session_counts.set(key, row);
    }
  });

  test('do not make a sink look as if it were days behind', async () => {
    countIn(EPOCH, 'anna', EPOCH);
    await under.deliver();
    countIn(EPOCH + 10_000 - 6 * DAY, 'bert', EPOCH + 10_000);
    under.now = EPOCH + 12_000;
    expect(under.stats().lagSeconds).toBeLessThanOrEqual(12);
  });
});

test('a dimension that gets the number of one that was deleted keeps its own name', async () => {
  countIn(EPOCH, 'anna', EPOCH);
  stored.apply(eventAt('connection_open', EPOCH + 1_000, 'anna'));
  stored.site.tick(EPOCH + 2_000);
  stored.commit(EPOCH + 2_000, true);
  await under.deliver();
  // As retention does when nothing was counted under it for long.
  stored.database.exec("UPDATE dimensions SET name = 'app:other' WHERE name = 'app:app-of-anna'");
  stored.database.exec(`INSERT INTO counts (at, dimension, created, destroyed, rejected)
    SELECT ${EPOCH / 1_000 + 9}, id, 3, 0, 0 FROM dimensions WHERE name = 'app:other'`);
  await under.deliver();
  expect(sink.kept.session_counts.get(`${EPOCH + 9_000} app other`)).toMatchObject({ created: 3 });
});
