import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Feed } from '../../src/delivery/feed.ts';
import { StoredSite } from '../journal/stored-site.ts';
import { EPOCH, SETTINGS } from '../sessions/model/event-arbitrary.ts';
import { DeliveryUnderTest, TableSink } from './delivery-loop-under-test.ts';
import { eventAt } from './visits.ts';

let stored: StoredSite;
let under: DeliveryUnderTest;
/** When each row of a log was committed, by its number. */
const committed = new Map<string, ReadonlyMap<number, number>>();
beforeAll(() => {
  stored = new StoredSite(SETTINGS);
  stored.site.started(0);
  // Each session changes four times, in three commits, beside others; each Stop comes first and is paired late.
  for (let n = 0; n < 6; n += 1) {
    const at = EPOCH + n * 60_000;
    stored.apply(eventAt('session_start', at, `u${n % 4}`));
    stored.commit(at + 1_000, true);
    stored.apply(eventAt('connection_open', at + 2_000, `u${n % 4}`));
    stored.apply(eventAt('session_stop', at + 20_000, `late${n}`, at + 2_500));
    stored.commit(at + 3_000, true);
    stored.apply(eventAt('session_start', at + 1_500, `late${n}`, at + 3_500));
    stored.apply(eventAt('session_stop', at + 4_000, `u${n % 4}`));
    stored.site.tick(at + 5_000);
    stored.commit(at + 5_000, true);
  }
  under = new DeliveryUnderTest(stored, new TableSink());
  for (const [name, number, at] of LOGS) {
    const rows = stored.database.prepare(`SELECT ${number} AS number, ${at} AS at FROM ${name}`).all();
    committed.set(name, new Map(rows.map((row) => [Number(row['number']), Number(row['at'])])));
  }
});
afterAll(() => {
  under.dispose();
  stored.dispose();
});

const LOGS = [
  ['events', 'seq', 'received_at'],
  ['event_changes', 'number', 'at'],
  ['session_changes', 'number', 'at'],
  ['counts', 'number', 'at * 1000'],
] as const;

const feedOf = (name: string): Feed => {
  const feed = under.feeds.find((each) => each.name === name);
  if (feed === undefined) throw new Error(`no feed ${name}`);
  return feed;
};
const numbersOf = (name: string): number[] =>
  [...(committed.get(name) ?? new Map()).keys()].sort((a, b) => a - b);
/** What a row of the log is about; rows of the same thing are told once. */
function subjectOf(name: string, number: number): string {
  if (name !== 'session_changes') return String(number);
  return String(
    stored.database.prepare('SELECT session FROM session_changes WHERE number = ?').get(number)?.['session'],
  );
}

describe.each(LOGS.map(([name]) => name))('the feed of %s', (name) => {
  it('reads what comes after a number, up to so many, the latest of each thing', () => {
    const feed = feedOf(name);
    const numbers = numbersOf(name);
    expect(numbers.length).toBeGreaterThan(5);
    expect([feed.oldest(), feed.last()]).toEqual([numbers[0], numbers.at(-1)]);
    for (let after = 0; after <= numbers.length + 1; after += 1) {
      for (let limit = 1; limit <= numbers.length + 1; limit += 1) {
        const next = numbers.filter((number) => number > after).slice(0, limit);
        const isLatest = (number: number, place: number) =>
          !next.slice(place + 1).some((later) => subjectOf(name, later) === subjectOf(name, number));
        const { entries, through } = feed.read(after, limit);
        expect(through).toBe(next.at(-1) ?? after);
        expect(entries.map(({ number }) => number)).toEqual(next.filter(isLatest));
      }
    }
  });

  it('says since when the first row after a number waits', () => {
    const feed = feedOf(name);
    const times = committed.get(name) ?? new Map();
    for (const number of numbersOf(name)) {
      const since = feed.waitingSince(number - 1) ?? Number.NaN;
      if (name === 'counts') expect(since).toBeGreaterThanOrEqual(times.get(number));
      else expect(since).toBe(times.get(number));
    }
    expect(feed.waitingSince(feed.last())).toBeNull();
  });

  it('finds for a moment a number behind which is everything since, and one commit before it', () => {
    const feed = feedOf(name);
    const times = committed.get(name) ?? new Map();
    const numbers = numbersOf(name);
    const known = (number: number): number => feed.waitingSince(number - 1) ?? 0;
    for (const moment of new Set([...numbers.map(known)].flatMap((at) => [at - 1, at, at + 1]))) {
      const first = numbers.find((number) => known(number) >= moment) ?? feed.last() + 1;
      const before = known(first - 1);
      const expected = first === 1 ? 1 : (numbers.find((number) => known(number) >= before) ?? first);
      expect(feed.numberAt(moment), `${moment - EPOCH}`).toBe(expected);
    }
    expect(times.size).toBe(numbers.length);
  });
});

it('a feed of which there is nothing begins with the first number', () => {
  const empty = new StoredSite(SETTINGS);
  const of = new DeliveryUnderTest(empty, new TableSink());
  for (const feed of of.feeds) {
    expect([
      feed.oldest(),
      feed.last(),
      feed.read(0, 10),
      feed.waitingSince(0),
      feed.numberAt(EPOCH),
    ]).toEqual([...[1, 0, { entries: [], excluded: null, through: 0 }, null, 1]]);
  }
  of.dispose();
  empty.dispose();
});
