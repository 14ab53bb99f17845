import fc from 'fast-check';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { PoisonRowError } from '../../src/contract/sink.ts';
import { StoredSite } from '../journal/stored-site.ts';
import { EPOCH, SETTINGS } from '../sessions/model/event-arbitrary.ts';
import { DeliveryUnderTest, TableSink } from './delivery-loop-under-test.ts';
import { eventAt } from './visits.ts';

let stored: StoredSite;
let sink: TableSink;
let under: DeliveryUnderTest;
beforeEach(() => begin());
afterEach(() => end());

function begin(): void {
  stored = new StoredSite(SETTINGS);
  sink = new TableSink();
  under = new DeliveryUnderTest(stored, sink, { batchSize: 7 });
}

function end(): void {
  under.dispose();
  stored.dispose();
}

/** One visit of each user, of two events and one session, committed with the state. */
function visits(users: readonly string[]): void {
  for (const user of users) {
    const at = EPOCH + stored.lastSeq * 1_000;
    stored.apply(eventAt('session_start', at, user));
    stored.apply(eventAt('session_stop', at + 1, user));
    stored.commit(at + 1_000, true);
  }
}

const takenBy = (): (string | undefined)[] =>
  [...sink.kept.session_events.values()].map((row) => ('user' in row ? row.user?.id : undefined));

const excludedRows = (): number =>
  under.stats().tables.reduce((sum, { dropped }) => sum + (dropped['excluded'] ?? 0), 0);

it('rows of excluded users are not offered and are counted as excluded, until a resend after they are taken back', async () => {
  visits(['anna', 'bert', 'anna', 'bert']);
  under.isExcluded = (user) => user?.id === 'bert';
  await under.deliver();
  expect(takenBy()).toEqual(['anna', 'anna', 'anna', 'anna']);
  expect(sink.kept.sessions.size).toBe(2);
  expect(under.stats()).toMatchObject({ pending: 0, deadLettered: 0 });
  expect(excludedRows()).toBeGreaterThanOrEqual(6);
  under.checkIdentity();

  under.isExcluded = () => false;
  await under.deliver();
  expect(sink.taken).toHaveLength(4);
  under.store.requestResend(sink.name, 0);
  await under.deliver();
  expect(sink.kept.session_events.size).toBe(8);
  expect(sink.kept.sessions.size).toBe(4);
  expect(excludedRows()).toBe(0);
  under.checkIdentity();
});

it('a row that was set aside is not offered again while its user is excluded', async () => {
  visits(['bert']);
  sink.onWrite = async () => {
    throw new PoisonRowError(0, 'not a number');
  };
  await under.deliver();
  sink.onWrite = async (_batch, take) => take();
  under.isExcluded = () => true;
  under.store.retry(sink.name, null);
  await under.deliver();
  expect(sink.taken).toEqual([]);
  const reasons = [...under.store.list(sink.name)].map(({ reason }) => reason);
  expect(new Set(reasons)).toEqual(new Set(['the blacklist excludes its user']));
  under.isExcluded = () => false;
  under.store.retry(sink.name, null);
  await under.deliver();
  expect(sink.taken).toEqual([1, 2]);
  under.checkIdentity();
});

it('the books hold whatever rules come and go, and whichever rows are refused', async () => {
  const rounds = fc.array(
    fc.record({
      users: fc.array(fc.constantFrom('anna', 'bert', 'carl'), { minLength: 1, maxLength: 8 }),
      excluded: fc.subarray(['anna', 'bert', 'carl']),
      resend: fc.boolean(),
    }),
    { minLength: 1, maxLength: 4 },
  );
  await fc.assert(
    fc.asyncProperty(rounds, fc.subarray([1, 2, 3, 5, 8, 13]), async (all, refused) => {
      end();
      begin();
      sink.onWrite = async ({ rows }, take) => {
        const place = rows.findIndex((row) => 'seq' in row && refused.includes(row.seq));
        if (place >= 0) throw new PoisonRowError(place, 'not a number');
        take();
      };
      for (const { users, excluded, resend } of all) {
        visits(users);
        under.isExcluded = (user) => user !== null && excluded.includes(user.id);
        if (resend) {
          sink.kept.session_events.clear();
          under.store.requestResend(sink.name, 0);
        }
        const before = new Set(sink.taken);
        await under.deliver();
        under.checkIdentity();
        const shown = stored.database
          .prepare(
            'SELECT e.seq, u.id AS user FROM events e JOIN users u ON u.number = e.user ORDER BY e.seq',
          )
          .all()
          .filter(({ seq, user }) => !refused.includes(Number(seq)) && !excluded.includes(String(user)));
        // What is new since, or everything again after a resend, of whom is shown.
        const kept = new Set(
          [...sink.kept.session_events.values()].map((row) => ('seq' in row ? row.seq : 0)),
        );
        if (resend) expect([...kept].sort((a, b) => a - b)).toEqual(shown.map(({ seq }) => Number(seq)));
        for (const seq of sink.taken.filter((each) => !before.has(each)))
          expect(shown.map((row) => Number(row['seq']))).toContain(seq);
      }
    }),
    { numRuns: 30, endOnFailure: true },
  );
}, 60_000);
