import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NeedsOperatorError, PoisonRowError } from '../../src/contract/sink.ts';
import { StoredSite } from '../journal/stored-site.ts';
import { EPOCH, SETTINGS } from '../sessions/model/event-arbitrary.ts';
import { DeliveryUnderTest, TableSink } from './delivery-loop-under-test.ts';
import { applyVisits } from './visits.ts';

let stored: StoredSite;
let sink: TableSink;
let under: DeliveryUnderTest;
/** What was called, in order: `start`, or the table of a `write`. */
let calls: string[];
/** What becomes of the next writes; then all are taken. */
let faults: (Error | null)[];
beforeEach(() => {
  stored = new StoredSite(SETTINGS);
  applyVisits(stored, 3, EPOCH);
  sink = new TableSink('table', ['session_events', 'sessions']);
  calls = [];
  faults = [];
  sink.onStart = async () => void calls.push('start');
  sink.onWrite = async ({ table }, take) => {
    calls.push(table);
    const fault = faults.shift() ?? null;
    if (fault !== null) throw fault;
    take();
  };
  under = new DeliveryUnderTest(stored, sink);
});
afterEach(() => {
  under.dispose();
  stored.dispose();
});

describe('start', () => {
  it('is called once while every write is taken', async () => {
    await under.deliver();
    expect(calls).toEqual(['start', 'session_events', 'sessions']);
  });

  it('is called before the next write after one that rejected, however often', async () => {
    faults = [new Error('connection lost'), null, new Error('connection lost')];
    await under.deliver();
    expect(calls).toEqual([
      'start',
      'session_events',
      'start',
      'session_events',
      'sessions',
      'start',
      'sessions',
    ]);
    expect(sink.taken).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('is waited for, and called until it resolves, before rows are offered again', async () => {
    let refusals = 2;
    faults = [new Error('connection lost')];
    sink.onStart = async () => {
      calls.push('start');
      await new Promise((resolve) => setImmediate(resolve));
      if (calls.length > 1 && refusals-- > 0) throw new Error('still away');
      calls.push('started');
    };
    await under.deliver();
    expect(calls.slice(0, 7)).toEqual([
      'start',
      'started',
      'session_events',
      'start',
      'start',
      'start',
      'started',
    ]);
    expect(under.troubles).toEqual(['connection lost', 'still away', 'still away']);
  });

  it('is not called after a row that can never be taken: the connection is well', async () => {
    faults = [new PoisonRowError(0, 'not a number')];
    await under.deliver();
    expect(calls.filter((call) => call === 'start')).toHaveLength(1);
    under.checkIdentity();
  });

  it('is called after a table that needs an operator, once the other tables had their turn', async () => {
    faults = [new NeedsOperatorError('a foreign table')];
    await under.deliver();
    expect(calls).toEqual(['start', 'session_events', 'sessions', 'start', 'session_events']);
  });
});
