import { afterEach, beforeEach, expect, it } from 'vitest';
import { NeedsOperatorError, PoisonRowError } from '../../src/contract/sink.ts';
import { StoredSite } from '../journal/stored-site.ts';
import { EPOCH, SETTINGS } from '../sessions/model/event-arbitrary.ts';
import { DeliveryUnderTest, TableSink } from './delivery-loop-under-test.ts';
import { applyVisits } from './visits.ts';

let stored: StoredSite;
let sink: TableSink;
let under: DeliveryUnderTest;
beforeEach(() => {
  stored = new StoredSite(SETTINGS);
  sink = new TableSink();
  under = new DeliveryUnderTest(stored, sink);
  applyVisits(stored, 3, EPOCH);
});
afterEach(() => {
  under.dispose();
  stored.dispose();
});

it('a sink that cannot tell its details does not take the others along', () => {
  Object.assign(sink, {
    details: () => {
      throw new Error('nothing known yet');
    },
  });
  expect(under.stats()).toMatchObject({ name: 'table', up: true, detailsError: 'nothing known yet' });
});

it('a sink that does not end, or throws where it should reject, does not keep the delivery from ending', async () => {
  sink.stop = () => new Promise(() => {});
  await under.deliver();
  sink.stop = () => {
    throw new Error('no socket');
  };
  await under.deliver();
  expect(under.troubles).toEqual(['it did not stop', 'no socket']);
});

it.each([-1, 1.5, 99, Number.NaN])('a refusal of row %d of six sets nothing aside', async (place) => {
  let refusals = 3;
  sink.onWrite = async ({ table }, take) => {
    if (table === 'session_events' && refusals-- > 0) throw new PoisonRowError(place, 'odd');
    take();
  };
  await under.deliver();
  expect(under.troubles).toEqual(new Array(3).fill(`refused row ${place} of 6: odd`));
  expect(under.stats()).toMatchObject({ deadLettered: 0, pending: 0 });
  expect(sink.taken).toEqual([1, 2, 3, 4, 5, 6]);
});

it('a table that needs an operator does not hold up the others', async () => {
  sink.onWrite = async ({ table }, take) => {
    if (table === 'session_events') throw new NeedsOperatorError('session_events is suspended');
    take();
  };
  await under.deliver(() => under.delivery.trouble !== null);
  expect(under.troubles).toEqual(['session_events is suspended']);
  expect(under.stats().tables).toMatchObject([{ delivered: 0 }, { pending: 0 }, {}, {}, {}]);
  expect(sink.kept.sessions.size).toBe(3);
});
