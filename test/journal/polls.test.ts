import fc from 'fast-check';
import { expect, it } from 'vitest';
import { fixedAppNames } from '../../src/contract/app-names.ts';
import type { User } from '../../src/contract/event.ts';
import type { SnapshotSessionRow } from '../../src/contract/rows.ts';
import type { KeptPoll, SeenSession } from '../../src/contract/snapshot.ts';
import { createFeeds } from '../../src/delivery/feeds.ts';
import { RowReader } from '../../src/delivery/row-reader.ts';
import { type PollFilters, pollsOf } from '../../src/journal/read/poll-query.ts';
import { UserAgents } from '../../src/journal/read/user-agents.ts';
import { PollRecords } from '../../src/journal/write/poll-records.ts';
import { NOTHING_UNDELIVERED, Retention } from '../../src/journal/write/retention.ts';
import { expectSame } from '../sessions/expect-same.ts';
import { EPOCH, SETTINGS } from '../sessions/model/event-arbitrary.ts';
import { StoredSite } from './stored-site.ts';

const RUNS = Number(process.env['PROPERTY_RUNS'] ?? 25);
const PROXIES = [
  ['node1', '/'],
  ['node1', '/sales'],
  ['node2', '/'],
] as const;
const HOUR = 3_600_000;

const session = fc.record({
  id: fc.constantFrom('a', 'b', 'c', 'd', "e'\n"),
  user: fc.constantFrom(null, { directory: 'LAB', id: 'anna' }, { directory: null, id: 'bert' }),
});
const step = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      do: fc.constant('poll' as const),
      proxy: fc.nat(PROXIES.length - 1),
      seen: fc.uniqueArray(session, { selector: ({ id }) => id, maxLength: 5 }),
      error: fc.option(fc.constant('nobody answers'), { freq: 5 }),
      keepsUsers: fc.integer({ min: 0, max: 9 }).map((n) => n > 0),
    }),
  },
  { weight: 3, arbitrary: fc.constant({ do: 'commit' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'fail' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'restart' as const }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('retain' as const), hours: fc.nat(40) }) },
);

/** Everything that was committed and is not deleted. */
class Model {
  polls: (KeptPoll & { readonly number: number })[] = [];
  /** Sessions of all polls before those that are left. */
  passed = 0;
  last = 0;

  add(polls: readonly KeptPoll[]): void {
    for (const poll of polls) this.polls.push({ ...poll, number: ++this.last });
  }

  retain(before: number): void {
    while (this.polls.length > 1 && (this.polls[0]?.at ?? before) < before) {
      this.passed += this.polls.shift()?.seen.length ?? 0;
    }
  }

  rows(): Map<number, string[]> {
    let number = this.passed;
    const rows = new Map<number, string[]>();
    for (const { at, host, virtualProxy, seen } of this.polls) {
      const texts = seen.map(({ id, user }) => JSON.stringify([at, host, virtualProxy, id, user])).sort();
      for (const _ of seen) rows.set(++number, texts);
    }
    return rows;
  }

  page({ host, virtualProxy, from, to }: PollFilters): KeptPoll[] {
    const those = this.polls
      .filter(
        (poll) =>
          (host ?? poll.host) === poll.host && (virtualProxy ?? poll.virtualProxy) === poll.virtualProxy,
      )
      .toSorted((a, b) => b.at - a.at || b.number - a.number);
    if (from !== null || to !== null)
      return those.filter(({ at }) => at >= (from ?? 0) && at < (to ?? Number.MAX_SAFE_INTEGER));
    const proxies = Map.groupBy(those, (poll) => `${poll.host} ${poll.virtualProxy}`);
    return [...proxies.keys()].sort().flatMap((proxy) => proxies.get(proxy)?.[0] ?? []);
  }
}

function kept(seen: readonly SeenSession[], error: string | null, at: number, proxy: number): KeptPoll {
  const [host, virtualProxy] = PROXIES[proxy] ?? PROXIES[0];
  const unfiltered = error === null ? seen : null;
  const numbers = error === null ? { sessions: seen.length, users: 1 } : { sessions: null, users: null };
  return {
    host,
    virtualProxy,
    at,
    durationMs: at % 97,
    error,
    ...numbers,
    seen: error === null ? seen : [],
    unfiltered,
  };
}

function feedsOf(stored: StoredSite, isExcluded?: (user: User | null) => boolean) {
  const reader = new RowReader(stored.database, 'store', fixedAppNames(new Map()), new UserAgents());
  const feeds = createFeeds(stored.database, reader, isExcluded);
  const feed = (name: string) => {
    const found = feeds.find((each) => each.name === name);
    if (found === undefined) throw new Error(`no feed ${name}`);
    return found;
  };
  return { polls: feed('polls'), seen: feed('seen_sessions') };
}

/** A page after the other until there is none. */
function allPages(stored: StoredSite, filters: PollFilters) {
  const items = [];
  let cursor: number | null = null;
  do {
    const page = pollsOf(stored.database, { ...filters, cursor });
    expect(page.items.length).toBeLessThanOrEqual(filters.limit);
    items.push(...page.items);
    cursor = page.nextCursor === null ? null : Number(page.nextCursor);
  } while (cursor !== null);
  return items;
}

function compare(stored: StoredSite, model: Model, limit: number): void {
  const { polls, seen } = feedsOf(stored);
  const rows = model.rows();
  const numbers = [...rows.keys()];
  expect(seen.last()).toBe(numbers.at(-1) ?? model.passed);
  expect(seen.oldest()).toBe(numbers[0] ?? model.passed + 1);
  const found = new Map<number, string>();
  for (let after = 0; after < seen.last(); ) {
    const { entries, through } = seen.read(after, limit);
    expect(through).toBeGreaterThan(after);
    expect(through).toBeLessThanOrEqual(Math.max(after, seen.oldest() - 1) + limit);
    for (const { number, row } of entries) {
      const { at, host, virtualProxy, sessionId, user } = row as SnapshotSessionRow;
      found.set(number, JSON.stringify([at, host, virtualProxy, sessionId, user]));
    }
    after = through;
  }
  expectSame([...found.keys()], numbers);
  // Which of a poll's sessions has which of its numbers is the journal's own business, as long as each has one.
  for (const texts of new Set(rows.values())) {
    const those = numbers.filter((number) => rows.get(number) === texts).map((number) => found.get(number));
    expectSame(those.sort(), texts);
  }
  for (const [number, texts] of rows) {
    const [at] = JSON.parse(texts[0] ?? '[]') as [number];
    expect(seen.waitingSince(number - 1)).toBe(at + (at % 97));
  }
  expect(seen.waitingSince(seen.last())).toBeNull();

  const good = model.polls.filter(({ error }) => error === null);
  expectSame(
    polls.read(0, 1_000).entries,
    good.map(({ number, at, host, virtualProxy, sessions, users }) => ({
      number,
      row: { at, host, virtualProxy, sessions, users },
      excluded: null,
    })),
  );
  const filters = { host: null, virtualProxy: null, from: null, to: null, limit, cursor: null };
  const span = { from: EPOCH + 3 * HOUR, to: EPOCH + 20 * HOUR };
  const some = [{}, { host: 'node1' }, { virtualProxy: '/' }, { host: 'node2', virtualProxy: '/sales' }];
  for (const asked of some.flatMap((each) => [each, { ...each, ...span }, { ...each, from: 0 }])) {
    const wanted = { ...filters, ...asked };
    expectSame(
      allPages(stored, wanted),
      model.page(wanted).map(({ host, virtualProxy, at, error, sessions, users, durationMs }) => ({
        ...{ host, virtualProxy, polledAt: new Date(at).toISOString(), ok: error === null },
        ...{ sessions, users, error, durationMs },
      })),
    );
  }
}

it('polls and who was on come back as they were, whatever happens in between', () => {
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 60, size: 'max' }),
      fc.integer({ min: 1, max: 7 }),
      (steps, limit) => {
        const stored = new StoredSite(SETTINGS);
        const model = new Model();
        let waiting: KeptPoll[] = [];
        const commit = () => {
          stored.commit(EPOCH, false);
          model.add(waiting);
          waiting = [];
        };
        try {
          for (const [n, each] of steps.entries()) {
            if (each.do === 'poll') {
              const { seen, error, proxy, keepsUsers } = each;
              // Polls of several hosts end in another order than they began.
              const poll = kept(keepsUsers ? seen : [], error, EPOCH + n * HOUR - (n % 3) * 2 * HOUR, proxy);
              stored.addPoll(poll);
              waiting.push(poll);
            } else if (each.do === 'commit') commit();
            else if (each.do === 'fail') failOnce(stored, commit);
            else if (each.do === 'restart') {
              stored.killAndRestart();
              waiting = [];
            } else {
              const retention = new Retention(stored.database, { retentionMs: 0, maxBytes: 1e15 });
              retention.step(EPOCH + each.hours * HOUR);
              model.retain(EPOCH + each.hours * HOUR);
            }
          }
          commit();
          compare(stored, model, limit);
        } finally {
          stored.dispose();
        }
      },
    ),
    { numRuns: RUNS },
  );
});

/** The same batch again after the disk was full in the middle of it, as the writer does. */
function failOnce(stored: StoredSite, commit: () => void): void {
  stored.database.exec(
    `CREATE TRIGGER failing AFTER INSERT ON seen_sessions BEGIN SELECT RAISE(ROLLBACK, 'disk full'); END`,
  );
  const batch = stored.batch(EPOCH, false);
  try {
    stored.write(batch);
  } catch (error) {
    expect(String(error)).toContain('disk full');
    stored.database.exec('DROP TRIGGER failing');
    stored.write(batch);
  }
  stored.database.exec('DROP TRIGGER IF EXISTS failing');
  // Nothing is left to commit but what the model has yet to hear of.
  commit();
}

it('a session that goes on costs nothing more with each poll', () => {
  const stored = new StoredSite(SETTINGS);
  const seen = Array.from({ length: 500 }, (_, n) => ({
    id: `s${n}`,
    user: { directory: 'LAB', id: `u${n}` },
  }));
  for (let n = 0; n < 100; n += 1) stored.addPoll(kept(seen, null, EPOCH + n * 30_000, 0));
  stored.commit(EPOCH, false);
  expect(stored.database.prepare('SELECT count(*) AS n FROM seen_sessions').get()).toEqual({ n: 500 });
  expect(feedsOf(stored).seen.last()).toBe(50_000);
  stored.dispose();
});

it('sessions that are gone go with the last poll that showed them, those that are on stay', () => {
  const stored = new StoredSite(SETTINGS);
  const [gone, on] = ['gone', 'on'].map((id) => ({ id, user: null })) as [SeenSession, SeenSession];
  stored.addPoll(kept([gone, on], null, EPOCH, 0));
  stored.addPoll(kept([on], null, EPOCH + HOUR, 0));
  stored.addPoll(kept([on], null, EPOCH + 2 * HOUR, 0));
  stored.commit(EPOCH, false);
  const retention = new Retention(stored.database, { retentionMs: 0, maxBytes: 1e15 });
  const left = () => stored.database.prepare('SELECT session_id FROM seen_sessions').all().length;
  retention.undelivered = { ...NOTHING_UNDELIVERED, seenSessions: 2 };
  retention.step(EPOCH + 9 * HOUR);
  expect(left()).toBe(2);
  retention.undelivered = NOTHING_UNDELIVERED;
  retention.step(EPOCH + 9 * HOUR);
  expect(left()).toBe(1);
  expect(feedsOf(stored).seen.read(0, 10).entries).toMatchObject([{ number: 4, row: { sessionId: 'on' } }]);
  stored.dispose();
});

it('while nothing is committed memory stays bounded: what comes above is not kept', () => {
  const records = new PollRecords();
  const many = (from: number) =>
    Array.from({ length: 200_000 }, (_, n) => ({ id: `${from + n}`, user: null }));
  expect(records.add(kept(many(0), null, EPOCH, 0), false)).toBe(true);
  expect(records.add(kept(many(100_000), null, EPOCH, 0), false)).toBe(true);
  expect(records.add(kept([], null, EPOCH, 0), false)).toBe(false);
  expect(records.take().map(({ appeared, gone }) => [appeared.length, gone.length])).toEqual([
    [200_000, 0],
    [100_000, 100_000],
  ]);
  expect(records.add(kept([], null, EPOCH, 0), false)).toBe(true);
});

it('an id that is listed twice is one session', () => {
  const stored = new StoredSite(SETTINGS);
  const twice = [null, { directory: 'LAB', id: 'anna' }].map((user) => ({ id: 'a', user }));
  stored.addPoll(kept(twice, null, EPOCH, 0));
  stored.addPoll(kept([], null, EPOCH + 1, 0));
  stored.commit(EPOCH, false);
  const { entries, through } = feedsOf(stored).seen.read(0, 10);
  expect(entries).toMatchObject([{ number: 1, row: { sessionId: 'a', user: null } }]);
  expect(through).toBe(1);
  stored.dispose();
});

it('who was on is not delivered of users whom the rules of now exclude, and their numbers are counted', () => {
  const stored = new StoredSite(SETTINGS);
  const seen = ['anna', 'bert', 'carl', 'dora'].map((id) => ({ id, user: { directory: 'LAB', id } }));
  stored.addPoll(kept(seen, null, EPOCH, 0));
  stored.commit(EPOCH, false);
  const isExcluded = (user: User | null) => user?.id === 'anna' || user?.id === 'bert' || user?.id === 'dora';
  const reading = feedsOf(stored, isExcluded).seen.read(0, 10);
  expect(reading).toMatchObject({
    entries: [{ number: 3, row: { sessionId: 'carl' }, excluded: { count: 2, last: 2 } }],
    excluded: { count: 1, last: 4 },
    through: 4,
  });
  stored.dispose();
});
