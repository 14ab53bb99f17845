import { expect, it } from 'vitest';
import { eventAt } from '../intake/event-under-test.ts';
import { StoredSite } from '../journal/stored-site.ts';
import { EPOCH, SETTINGS } from '../sessions/model/event-arbitrary.ts';
import { NODE } from '../sessions/numbered-lines.ts';
import { DeliveryUnderTest, TableSink } from './delivery-loop-under-test.ts';

const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0';

it('rows say everything that is known, by its name, and null for what is not', async () => {
  const stored = new StoredSite(SETTINGS);
  const sink = new TableSink();
  const under = new DeliveryUnderTest(stored, sink);
  try {
    stored.site.started(0);
    stored.apply(
      eventAt('session_start', EPOCH, {
        ...{ timed: true, receivedAt: EPOCH + 5, origin: 'origin', context: 'context', virtualProxy: 'vp' },
        ...{ sessionKey: 'key', rowNumber: 7, result: 0, message: 'text', eventId: 'id' },
        userAgent: FIREFOX,
      }),
    );
    stored.apply(eventAt('connection_open', EPOCH + 10, { user: null, host: 'node2' }));
    stored.site.tick(EPOCH + 1_000);
    stored.commit(EPOCH + 1_000, true);
    await under.deliver();
    const firefox = { browser: 'Firefox', browserVersion: '128', os: 'Linux', osVersion: null };
    const nobody = { browser: null, browserVersion: null, os: null, osVersion: null };
    const anna = { host: 'node1', virtualProxy: 'vp', user: { directory: 'LAB', id: 'anna' } };
    const unknown = { host: 'node2', virtualProxy: null, user: null };
    expect([...sink.kept.session_events.values()]).toEqual([
      {
        ...{ ...firefox, ...anna, seq: 1, eventId: 'id', kind: 'session_start', sessionId: 'store-1' },
        ...{ at: EPOCH, originalAt: null, receivedAt: EPOCH + 5, origin: 'origin', context: 'context' },
        ...{ appId: null, appName: null, result: 0, reason: null, rowNumber: 7, message: 'text' },
        userAgent: FIREFOX,
      },
      {
        ...{
          ...nobody,
          ...unknown,
          seq: 2,
          eventId: 'store-2',
          kind: 'connection_open',
          sessionId: 'store-2',
        },
        ...{ at: EPOCH + 10, originalAt: null, receivedAt: EPOCH + 10, origin: null, context: null },
        ...{ appId: 'app', appName: null, result: null, reason: null, rowNumber: null, message: null },
        userAgent: null,
      },
    ]);
    const open = { endedAt: null, endExact: false, endReason: null, identityExact: true, application: false };
    expect([...sink.kept.sessions.values()]).toEqual([
      {
        ...{
          ...firefox,
          ...anna,
          ...open,
          id: 'store-1',
          startExact: true,
          connections: 0,
          openConnections: 0,
          apps: [],
        },
        ...{ firstSeenAt: EPOCH, startedAt: EPOCH, lastActivityAt: EPOCH },
      },
      {
        ...{
          ...nobody,
          ...unknown,
          ...open,
          id: 'store-2',
          startExact: false,
          connections: 1,
          openConnections: 1,
          apps: ['app'],
        },
        ...{ firstSeenAt: EPOCH + 10, startedAt: EPOCH + 10, lastActivityAt: EPOCH + 10 },
      },
    ]);
    const unbounded = { sessionsLow: null, sessionsHigh: null, usersLow: null, usersHigh: null };
    const created = (scope: string, name: string | null, counts: number[], bounds: object = unbounded) => {
      const [count, active, users, connections] = counts;
      return {
        at: EPOCH,
        scope,
        name,
        created: count,
        destroyed: 0,
        rejected: 0,
        active,
        users,
        connections,
        ...bounds,
      };
    };
    const counts = [...sink.kept.session_counts.values()];
    expect(counts).toHaveLength(5);
    expect(counts).toEqual(
      expect.arrayContaining([
        created('all', null, [2, 2, 1, 1], { ...unbounded, sessionsLow: 2, usersLow: 1 }),
        created('host', 'node1', [1, 1, 1, 0], { ...unbounded, sessionsLow: 1, usersLow: 1 }),
        created('host', 'node2', [1, 1, 0, 1], { ...unbounded, sessionsLow: 1, usersLow: 0 }),
        created('virtualProxy', 'vp', [1, 1, 1, 0]),
        created('app', 'app', [1, 1, 0, 1]),
      ]),
    );
  } finally {
    under.dispose();
    stored.dispose();
  }
});

it('rows of the whole and of a host say what the truth about their counts lies between', async () => {
  const stored = new StoredSite(SETTINGS);
  const sink = new TableSink();
  const under = new DeliveryUnderTest(stored, sink);
  try {
    stored.site.started(0);
    for (const [place, id] of ['anna', 'anna', 'bert'].entries()) {
      const rowNumber = place + 1;
      const user = { directory: 'LAB', id };
      stored.apply(eventAt('session_start', EPOCH, { rowNumber, user, sessionKey: `${place}` }), NODE);
    }
    stored.site.losses.touch(stored.site.identities.host('node1'), 'gap', EPOCH, 1);
    stored.site.tick(EPOCH + 1_000);
    stored.commit(EPOCH + 1_000, true);
    await under.deliver();
    const said = { active: 3, sessionsLow: 2, sessionsHigh: 4, users: 2, usersLow: 1, usersHigh: 3 };
    expect([...sink.kept.session_counts.values()]).toMatchObject([
      { scope: 'all', ...said },
      { scope: 'host', ...said },
    ]);
  } finally {
    under.dispose();
    stored.dispose();
  }
});
