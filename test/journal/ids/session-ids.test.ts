import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import type { UserEvent } from '../../../src/contract/event.ts';
import type { ForwardedEvents } from '../../../src/contract/sites/forwarding.ts';
import type { Snapshot } from '../../../src/contract/snapshot.ts';
import { Forwarding } from '../../../src/intake/forwarding.ts';
import { giveNewIdentity } from '../../../src/journal/new-identity.ts';
import { NOTHING_UNDELIVERED, Retention } from '../../../src/journal/write/retention.ts';
import { eventAt } from '../../intake/event-under-test.ts';
import { EPOCH } from '../../sessions/model/event-arbitrary.ts';
import { NamedStore } from './named-store.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

const used: NamedStore[] = [];
afterEach(() => {
  for (const each of used.splice(0)) each.dispose();
});
function store(site?: string | null): NamedStore {
  const made = new NamedStore(site);
  used.push(made);
  return made;
}

/** Lines of a few users, some of which come late or before what they end. */
const lines = fc
  .array(
    fc.record({
      kind: fc.constantFrom(
        ...(['session_start', 'connection_open', 'connection_close', 'session_stop'] as const),
      ),
      user: fc.constantFrom('anna', 'bert', null),
      host: fc.constantFrom('node1', 'node2'),
      afterMs: fc.oneof(fc.nat({ max: 20_000 }), fc.nat({ max: 4 * HOUR })),
      late: fc.constantFrom(0, 0, 0, 3_000),
      offMs: fc.constantFrom(0, 0, 90_000, -6 * HOUR),
      numbered: fc.boolean(),
    }),
    { minLength: 1, maxLength: 40 },
  )
  .map((items) => {
    let now = EPOCH;
    return items.map(({ kind, user, host, afterMs, late, offMs, numbered }, n): UserEvent => {
      now += afterMs;
      const said = now - late;
      return eventAt(kind, said, {
        ...{ timed: true, receivedAt: now, host, rowNumber: n + 1 },
        ...{ originalAt: offMs === 0 ? null : said - offMs, eventId: numbered ? `line-${n}` : null },
        user: user === null ? null : { directory: 'LAB', id: user },
      });
    });
  });

/** The same lines as another machine gets them: a little later, and with another error of the clock found in them. */
function elsewhere(events: readonly UserEvent[]): UserEvent[] {
  return events.map((event) => ({
    ...event,
    receivedAt: event.receivedAt + 7,
    at: event.originalAt === null ? event.at : event.at + 3,
  }));
}

function snapshot(at: number, ids: readonly string[]): Snapshot {
  return {
    ...{ at, host: 'node1', virtualProxy: '/', hidden: [], allVirtualProxies: ['/'], durationMs: 5 },
    sessions: ids.map((id) => ({ id, user: { directory: 'LAB', id: `user of ${id}` } })),
  } as unknown as Snapshot;
}

describe('ids of sessions', () => {
  it('are the same in two stores of a site that got the same lines, and so are the keys of all rows', () => {
    const [one, two] = [store(), store()];
    const visits = [0, 1, 2].flatMap((n) => [
      eventAt('session_start', EPOCH + n, { eventId: `start-${n}`, timed: true }),
      eventAt('connection_open', EPOCH + n + 5, { eventId: `open-${n}`, timed: true }),
    ]);
    const off = eventAt('session_start', EPOCH + HOUR, {
      ...{ eventId: 'off', timed: true, originalAt: EPOCH + HOUR - 300_000, host: 'node2' },
    });
    one.play([...visits, off], EPOCH + DAY);
    two.play(elsewhere([...visits, off]), EPOCH + DAY);
    expect(one.storeId).not.toBe(two.storeId);
    expect(one.keys).toEqual(two.keys);
    expect(new Set(one.sessions.map(({ id }) => id)).size).toBe(one.sessions.length);
    expect(one.events.at(-1)).toMatchObject({ at: off.at, saidAt: off.originalAt, site: 'berlin' });
    expect(one.sessions.at(-1)).toMatchObject({ firstSeenAt: off.originalAt, startedAt: off.at });
  });

  it('lead to their session, as those of the store do, and no other id does', () => {
    fc.assert(
      fc.property(lines, fc.boolean(), (events, isCommittedOften) => {
        const one = new NamedStore();
        try {
          for (const event of isCommittedOften ? events : []) one.play([event], event.receivedAt);
          if (!isCommittedOften) one.play(events, EPOCH + 10 * DAY);
          const { queries, storeId } = one;
          const sessions = one.sessions;
          for (const { id } of sessions) expect(queries.session(id, 0)?.id).toBe(id);
          for (const row of one.events) {
            expect(row.sessionId === null || sessions.some(({ id }) => id === row.sessionId)).toBe(true);
          }
          const numbers = one.stored.database.prepare('SELECT id FROM sessions').all();
          const ids = numbers.map((each) => queries.session(`${storeId}-${each['id']}`, 0)?.id);
          expect(ids.toSorted()).toEqual(sessions.map(({ id }) => id).toSorted());
          expect(new Set(ids).size).toBe(ids.length);
          for (const { id } of sessions) {
            const other = `${id.slice(0, -1)}${id.endsWith('0') ? '1' : '0'}`;
            expect(sessions.some((each) => each.id === other) ? null : queries.session(other, 0)).toBeNull();
          }
        } finally {
          one.dispose();
        }
      }),
      { numRuns: 40 },
    );
  });

  it('of an event are known before its session is written down, and stay the same then', () => {
    fc.assert(
      fc.property(lines, (events) => {
        const one = new NamedStore();
        try {
          for (const event of events) one.stored.apply(event);
          one.stored.commit(EPOCH, false);
          const before = one.events.map(({ seq, sessionId }) => [seq, sessionId] as const);
          one.stored.commit(EPOCH + 10 * DAY, true);
          const after = new Map(one.events.map(({ seq, sessionId }) => [seq, sessionId]));
          // That an end belongs to a session that began after it is known only then.
          for (const [seq, id] of before) if (id !== null) expect(after.get(seq)).toBe(id);
        } finally {
          one.dispose();
        }
      }),
      { numRuns: 40 },
    );
  });

  it('are those of the store for lines without a number, and for what was there before the site had a name', () => {
    const one = store(null);
    one.play([eventAt('session_start', EPOCH, { eventId: 'a', timed: true })], EPOCH);
    const before = one.sessions.map(({ id }) => id);
    expect(before).toEqual([`${one.storeId}-1`]);
    one.name('berlin');
    one.play(
      [
        eventAt('connection_open', EPOCH + 1_000, { eventId: 'b', timed: true }),
        eventAt('session_start', EPOCH + 2_000, { host: 'node2' }),
        eventAt('session_start', EPOCH + 3_000, { eventId: 'd', timed: true, host: 'node3' }),
      ],
      EPOCH + 4_000,
    );
    const rows = one.sessions.toSorted((a, b) => a.startedAt - b.startedAt);
    expect(rows.map(({ id }) => id)).toEqual([
      ...before,
      `${one.storeId}-2`,
      expect.stringMatching(/^[0-9a-z]+-[0-9a-f]{24}$/),
    ]);
    expect(rows.map(({ site }) => site)).toEqual(['berlin', 'berlin', 'berlin']);
  });

  it('stay what they were when the site gets another name, and so do the keys of their rows', () => {
    const one = store('main');
    one.play([eventAt('session_start', EPOCH, { eventId: 'a', timed: true })], EPOCH);
    const before = one.keys;
    one.name('berlin');
    expect(one.keys).toEqual(before);
    one.play(
      [eventAt('session_start', EPOCH + 1_000, { eventId: 'b', timed: true, host: 'node2' })],
      EPOCH + DAY,
    );
    expect(one.sessions.map(({ site }) => site)).toEqual(['main', 'berlin']);
    const other = store('paris');
    other.play([eventAt('session_start', EPOCH, { eventId: 'a', timed: true })], EPOCH);
    expect(other.sessions[0]?.id).not.toBe(one.sessions[0]?.id);
  });

  it('go by the name of the store from now on when a copy gets one of its own, since the sessions of its twin go on', () => {
    const one = store();
    one.play([eventAt('session_start', EPOCH, { eventId: 'a', timed: true })], EPOCH);
    const before = one.storeId;
    one.stored.replace((directory) => giveNewIdentity(directory));
    one.name('berlin');
    expect(one.storeId).not.toBe(before);
    expect(one.sessions.map(({ id }) => id)).toEqual([`${one.storeId}-1`]);
  });

  it('stay what they were when retention has deleted the event that began the session', () => {
    const one = store();
    const start = eventAt('session_start', EPOCH, { eventId: 'a', timed: true });
    one.play([start, eventAt('session_start', EPOCH + 1, { eventId: 'b', host: 'node2' })], EPOCH);
    const before = one.sessions.map(({ id }) => id);
    const open = eventAt('connection_open', EPOCH + 3 * DAY, { eventId: 'c', timed: true, user: null });
    one.play([open], EPOCH + 3 * DAY);
    const retention = new Retention(one.stored.database, { retentionMs: DAY, maxBytes: 1e15 });
    retention.undelivered = NOTHING_UNDELIVERED;
    while (retention.step(EPOCH + 3 * DAY + 1_000));
    expect(one.events.map(({ eventId }) => eventId)).toEqual(['c']);
    for (const id of before) expect(one.queries.session(id, 0)?.id).toBe(id);
    const kept = () =>
      one.stored.database.prepare("SELECT count(*) AS n FROM meta WHERE key LIKE 'origin %'").get()?.['n'];
    expect(kept()).toBe(2);
    one.stored.site.tick(EPOCH + 3 * DAY + 2_000);
    one.stored.commit(EPOCH + 3 * DAY + 2_000, true);
    while (retention.step(EPOCH + 9 * DAY));
    expect(kept()).toBe(0);
  });

  it('of what only polls know are the same for all that asked within the same hour', () => {
    const [one, two] = [store(), store()];
    for (const at of [1_000, 31_000]) {
      one.poll(snapshot(EPOCH + at, ['x', 'y']));
      two.poll(snapshot(EPOCH + at + 9_000, ['x', 'y']));
    }
    const of = (each: NamedStore) => each.sessions.map(({ id, firstSeenAt }) => [id, firstSeenAt]).toSorted();
    expect(of(one)).toHaveLength(2);
    expect(of(one)).toEqual(of(two));
    expect(one.sessions.map(({ startedAt }) => startedAt)).not.toEqual(
      two.sessions.map(({ startedAt }) => startedAt),
    );
    for (const { id } of one.sessions) expect(two.queries.session(id, 0)?.id).toBe(id);
  });

  it('are the same in two central Headcounts that follow the same stream, whatever each was sent twice', () => {
    // Hosts name their site themselves.
    const [one, two] = [store('central'), store('middle')];
    const events = Array.from({ length: 20 }, (_, n) =>
      eventAt(n % 3 === 2 ? 'session_stop' : 'session_start', EPOCH + n * 1_000, {
        ...{ eventId: n % 2 === 0 ? `digest-${n}` : `edge-${n}`, timed: n % 2 === 0, host: `node${n % 4}` },
      }),
    );
    const message = (from: number, through: number): ForwardedEvents => ({
      ...{ edge: 'edge', site: 'berlin', partition: 0, previous: from - 1, through, gone: 0 },
      ...{ stream: 'stream', streamSeq: through },
      events: events.slice(from - 1, through).map((event, n) => ({ seq: from + n, event })),
    });
    const centre = (each: NamedStore, cuts: readonly (readonly [number, number])[]) => {
      const forwarding = new Forwarding([], {
        store: {
          isBehind: () => false,
          trouble: null,
          addPosition: (position) => each.stored.addPosition(position),
        },
        apply: (news) => each.play(news, EPOCH + DAY),
        otherSites: each.stored.site.otherSites,
        now: () => EPOCH + DAY,
      });
      for (const [from, through] of cuts) forwarding.forward(message(from, through));
    };
    centre(one, [
      [1, 7],
      [8, 20],
    ]);
    centre(two, [
      [1, 3],
      [1, 10],
      [4, 12],
      [13, 20],
      [8, 20],
    ]);
    expect(one.sessions.length).toBeGreaterThan(5);
    expect(one.keys).toEqual(two.keys);
    expect(new Set(one.sessions.map(({ site }) => site))).toEqual(new Set(['berlin']));
  });
});
