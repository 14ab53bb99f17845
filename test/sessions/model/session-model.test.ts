import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Kind, UserEvent } from '../../../src/contract/event.ts';
import { SETTINGS, steps } from './event-arbitrary.ts';
import { SessionModel, type SessionView, type TrackerView, userName } from './session-model.ts';

const T = Date.UTC(2026, 0, 5, 10);
const HOUR = 3_600_000;
const TIMEOUT = 35 * 60_000;

/** An untimed line of ACME\anna on node1, arriving `after` milliseconds past ten. */
function line(kind: Kind, after: number, rest: Partial<UserEvent> = {}): UserEvent {
  return {
    kind,
    at: T + after,
    originalAt: null,
    timed: false,
    receivedAt: T + after,
    host: 'node1',
    user: { directory: 'ACME', id: 'anna' },
    origin: null,
    context: null,
    appId: null,
    virtualProxy: null,
    sessionKey: null,
    rowNumber: null,
    result: null,
    userAgent: null,
    message: null,
    reason: null,
    eventId: null,
    ...rest,
  };
}

const start = (after: number, rest: Partial<UserEvent> = {}) => line('session_start', after, rest);
const stop = (after: number, rest: Partial<UserEvent> = {}) => line('session_stop', after, rest);
const open = (after: number, appId: string, rest: Partial<UserEvent> = {}) =>
  line('connection_open', after, { appId, ...rest });
const close = (after: number, appId: string, rest: Partial<UserEvent> = {}) =>
  line('connection_close', after, { appId, ...rest });
/** The event happened at this moment, by the sender's clock. */
const timed = (after: number): Partial<UserEvent> => ({ timed: true, at: T + after });
const key = (sessionKey: string): Partial<UserEvent> => ({ sessionKey });

function model(...events: UserEvent[]): SessionModel {
  const made = new SessionModel(SETTINGS);
  for (const event of events) {
    made.apply(event);
  }
  return made;
}

function only(view: TrackerView): SessionView {
  expect(view.sessions).toHaveLength(1);
  const [session] = view.sessions;
  if (session === undefined) {
    throw new Error('no session');
  }
  return session;
}

/** Every 10 s, as the rules want it, from `from` to `to`. */
function sweepThrough(made: SessionModel, from: number, to: number): void {
  for (let after = from; after < to; after += 10_000) {
    made.sweep(T + after);
  }
  made.sweep(T + to);
}

describe('the model of the tracking rules', () => {
  test('pairs a start, an open, a close and a stop', () => {
    const view = model(start(0), open(1_000, 'a'), close(2_000, 'a'), stop(3_000)).view();
    expect(view.sessions).toEqual([
      {
        id: 1,
        host: 'node1',
        user: 'acme\\anna',
        sessionKey: null,
        virtualProxy: null,
        startedAt: T,
        startExact: true,
        endedAt: T + 3_000,
        endExact: true,
        endReason: 'stop',
        identityExact: true,
        lastActivityAt: T + 3_000,
        connections: [{ appId: 'a', openedAt: T + 1_000, closedAt: T + 2_000, closeExact: true }],
      },
    ]);
    expect(view).toMatchObject({ created: 1, destroyed: 1, orphanStops: 0, orphanCloses: 0 });
  });

  test('a start up to 5 s after an open confirms the session that the open synthesised', () => {
    const within = model(open(0, 'a'), start(5_000)).view();
    expect(only(within)).toMatchObject({ startedAt: T, startExact: true, lastActivityAt: T + 5_000 });

    const late = model(open(0, 'a'), start(5_001)).view();
    expect(late.sessions).toMatchObject([
      { startedAt: T, startExact: false },
      { startedAt: T + 5_001, startExact: true },
    ]);
  });

  test('a close 18 s after the stop completes the connection and changes no count', () => {
    const made = model(start(0), open(1_000, 'a'), stop(10_000));
    expect(only(made.view()).connections).toEqual([
      { appId: 'a', openedAt: T + 1_000, closedAt: T + 10_000, closeExact: false },
    ]);
    made.apply(close(28_000, 'a'));
    const view = made.view();
    expect(only(view)).toMatchObject({
      endedAt: T + 10_000,
      lastActivityAt: T + 10_000,
      connections: [{ openedAt: T + 1_000, closedAt: T + 28_000, closeExact: true }],
    });
    expect(view.orphanCloses).toBe(0);
    // Used once.
    made.apply(close(29_000, 'a'));
    expect(made.view().orphanCloses).toBe(1);
  });

  test('a close more than 60 s after the stop, by event time or by arrival, completes nothing', () => {
    const stopped = [start(0), open(1_000, 'a'), stop(10_000)];
    expect(model(...stopped, close(70_000, 'a')).view().orphanCloses).toBe(0);
    expect(model(...stopped, close(70_001, 'a')).view().orphanCloses).toBe(1);
    expect(model(...stopped, close(70_000, 'a', timed(70_001))).view().orphanCloses).toBe(1);
    expect(model(...stopped, close(70_001, 'a', timed(9_000))).view().orphanCloses).toBe(1);
  });

  test('a close takes the newest connection of its app, a timed one none that opened after it', () => {
    const opened = [start(0), open(1_000, 'a'), open(2_000, 'a')];
    const untimed = model(...opened, close(5_000, 'a')).view();
    expect(only(untimed).connections).toMatchObject([{ closedAt: null }, { closedAt: T + 5_000 }]);

    const byTime = model(...opened, close(5_000, 'a', timed(1_500))).view();
    expect(only(byTime).connections).toMatchObject([{ closedAt: T + 1_500 }, { closedAt: null }]);

    const other = model(...opened, close(5_000, 'b')).view();
    expect(other).toMatchObject({ orphanCloses: 1, active: { connections: 2 } });
    expect(only(other).lastActivityAt).toBe(T + 5_000);
  });

  test('a timed orphan stop is paired with the timed start that comes after it', () => {
    const view = model(stop(20_000, timed(20_000)), start(21_000, timed(0))).view();
    expect(only(view)).toMatchObject({
      startedAt: T,
      startExact: true,
      endedAt: T + 20_000,
      endExact: true,
      endReason: 'stop',
    });
    expect(view).toMatchObject({ created: 1, destroyed: 1, orphanStops: 1, active: { sessions: 0 } });

    const tooFar = model(stop(20_001, timed(20_001)), start(21_000, timed(0))).view();
    expect(tooFar.active.sessions).toBe(1);
    const tooOld = model(stop(0, timed(0)), start(60_001, timed(0))).view();
    expect(tooOld.active.sessions).toBe(1);
  });

  test('a stop takes the oldest session without an open connection', () => {
    const view = model(start(0), open(1, 'a'), start(1_000), start(2_000), stop(3_000)).view();
    expect(view.sessions.map((session) => session.endedAt)).toEqual([null, T + 3_000, null]);
    expect(view.active).toEqual({ sessions: 2, users: 1, connections: 1, connectedUsers: 1 });
  });

  test('a timed stop ends no session whose timed start lies after it', () => {
    const view = model(start(5_000, timed(5_000)), stop(5_500, timed(4_999))).view();
    expect(view).toMatchObject({ orphanStops: 1, active: { sessions: 1 } });
    const untimedStart = model(start(5_000), stop(5_500, timed(4_999))).view();
    expect(only(untimedStart)).toMatchObject({ endedAt: T + 5_000, endReason: 'stop' });
  });

  test('a silent session times out at its last activity, and an open within 24 h reopens it', () => {
    const made = model(start(0));
    sweepThrough(made, 0, TIMEOUT);
    expect(made.view().active.sessions).toBe(1);
    made.sweep(T + TIMEOUT + 1);
    expect(only(made.view())).toMatchObject({ endedAt: T, endExact: false, endReason: 'timeout' });

    made.apply(open(24 * HOUR, 'a'));
    const view = made.view();
    expect(only(view)).toMatchObject({ endedAt: null, endExact: false, endReason: null });
    expect(view).toMatchObject({ created: 1, destroyed: 0, active: { sessions: 1, connections: 1 } });
  });

  test('an open more than 24 h after the time-out synthesises a session', () => {
    const made = model(start(0));
    made.sweep(T + TIMEOUT + 1);
    made.apply(open(24 * HOUR + 1, 'a'));
    expect(made.view().sessions).toMatchObject([
      { endReason: 'timeout' },
      { startedAt: T + 24 * HOUR + 1, startExact: false, endedAt: null },
    ]);
  });

  test('a session that a sweep ended more than 24 h ago, by arrival, is not remembered', () => {
    const made = model(start(0));
    made.sweep(T + TIMEOUT + 1);
    made.apply(stop(TIMEOUT + 1 + 24 * HOUR + 1, timed(HOUR)));
    expect(made.view()).toMatchObject({ orphanStops: 1, sessions: [{ endReason: 'timeout' }] });
  });

  test('a key remembers the last 64 orphan stops', () => {
    const stops = Array.from({ length: 65 }, (_, n) => stop(n, timed(1_000 * n)));
    const first = model(...stops, start(100, { ...timed(-20_000) }));
    expect(first.view().active.sessions).toBe(1);
    const second = model(...stops, start(100, { ...timed(-19_000) }));
    expect(only(second.view()).endedAt).toBe(T + 1_000);
  });

  test('a stop corrects a session that had timed out', () => {
    const made = model(start(0));
    made.sweep(T + TIMEOUT + 1);
    made.apply(stop(HOUR));
    const view = made.view();
    expect(only(view)).toMatchObject({ endedAt: T + HOUR, endExact: true, endReason: 'stop' });
    expect(view).toMatchObject({ created: 1, destroyed: 1, orphanStops: 0 });
    made.apply(stop(HOUR + 1));
    expect(made.view().orphanStops).toBe(1);
  });

  test('a session with an open connection ends by max_age only, and its close comes too late', () => {
    const made = model(start(0), open(1_000, 'a'));
    made.sweep(T + 24 * HOUR);
    expect(made.view().active.sessions).toBe(1);
    made.restart(T + 24 * HOUR, T + 24 * HOUR);
    made.sweep(T + 24 * HOUR + 1);
    made.apply(close(24 * HOUR + 2, 'a'));
    const view = made.view();
    expect(only(view)).toMatchObject({
      endedAt: T + 1_000,
      endExact: false,
      endReason: 'max_age',
      connections: [{ closedAt: T + 1_000, closeExact: false }],
    });
    expect(view.orphanCloses).toBe(1);
  });

  test('two sessions of one key make those without a session key inexact, and for good', () => {
    const view = model(start(0, key('k1')), start(1_000), start(2_000, key('k2')), stop(3_000)).view();
    // k2 adopted the session without a key, so the third line opened none.
    expect(view.sessions).toMatchObject([
      { sessionKey: 'k1', identityExact: false, endReason: 'stop' },
      { sessionKey: 'k2', identityExact: false, endReason: null },
    ]);
    const keyed = model(start(0, key('k1')), start(1_000, key('k2'))).view();
    expect(keyed.sessions.map((session) => session.identityExact)).toEqual([true, true]);
    const alone = model(start(0), stop(1), start(2), stop(3)).view();
    expect(alone.sessions.map((session) => session.identityExact)).toEqual([true, true]);
  });

  test('a line with a session key finds its session, or gives its key to the oldest without one', () => {
    const view = model(
      start(0, key('k1')),
      start(1_000, key('k2')),
      open(2_000, 'a', key('k1')),
      stop(3_000, key('k2')),
    ).view();
    expect(view.sessions).toMatchObject([
      { endedAt: null, connections: [{ appId: 'a' }] },
      { endedAt: T + 3_000, identityExact: true },
    ]);
    const adopted = model(start(0), open(1_000, 'a', key('k1'))).view();
    expect(only(adopted)).toMatchObject({ sessionKey: 'k1', connections: [{ appId: 'a' }] });
  });

  test('a stop with a session key that no session has is a mismatch and falls back', () => {
    const view = model(start(0, key('k1')), stop(1_000, key('k2'))).view();
    expect(only(view)).toMatchObject({ sessionKey: 'k1', endReason: 'stop', identityExact: true });
    expect(view).toMatchObject({ keyMismatches: 1, orphanStops: 0, ignoredKeyHosts: [] });
    // Without a candidate it is no mismatch.
    expect(model(stop(0, key('k1'))).view()).toMatchObject({ keyMismatches: 0, orphanStops: 1 });
  });

  test('after 20 mismatches in a row the session keys of the host are ignored', () => {
    const mismatch = (round: number) => [
      start(2 * round, key(`k${round}`)),
      stop(2 * round + 1, key(`x${round}`)),
    ];
    const rounds = Array.from({ length: 20 }, (_, round) => mismatch(round)).flat();
    const made = model(...rounds.slice(0, -1));
    expect(made.view().ignoredKeyHosts).toEqual([]);
    made.apply(stop(39, key('x19')));
    expect(made.view()).toMatchObject({ keyMismatches: 20, ignoredKeyHosts: ['node1'] });
    made.apply(start(100, key('k')));
    made.apply(start(100, { ...key('k'), host: 'node2' }));
    expect(made.view().sessions.slice(20)).toMatchObject([
      { host: 'node1', sessionKey: null },
      { host: 'node2', sessionKey: 'k' },
    ]);

    // A match in between begins the count again.
    const matched = [start(30, key('same')), stop(31, key('same'))];
    const interrupted = model(...rounds.slice(0, 20), ...matched, ...rounds.slice(20));
    expect(interrupted.view()).toMatchObject({ keyMismatches: 20, ignoredKeyHosts: [] });
  });

  test('sessions of users that are now excluded end at once', () => {
    const made = model(start(0), open(1_000, 'a'), start(2_000, { user: null }));
    made.exclude((user) => userName(user) === 'acme\\anna', T + 9_000);
    made.apply(close(10_000, 'a'));
    const view = made.view();
    expect(view.sessions).toMatchObject([
      {
        endedAt: T + 9_000,
        endExact: true,
        endReason: 'excluded',
        connections: [{ closedAt: T + 9_000, closeExact: false }],
      },
      { user: '', endedAt: null },
    ]);
    expect(view).toMatchObject({ orphanCloses: 1, active: { sessions: 1, users: 0 } });
  });

  test('downtimes shift the time-out by their part after the last activity', () => {
    const shut = model(start(0));
    shut.restart(T - 1_000, T + HOUR);
    shut.sweep(T + HOUR + TIMEOUT);
    expect(shut.view().active.sessions).toBe(1);
    shut.restart(T + HOUR + TIMEOUT, T + HOUR + TIMEOUT);
    shut.sweep(T + HOUR + TIMEOUT + 1);
    expect(only(shut.view())).toMatchObject({ endedAt: T, endReason: 'timeout' });

    const suspended = model(start(0));
    suspended.sweep(T);
    suspended.sweep(T + 5 * HOUR);
    expect(suspended.view().active.sessions).toBe(1);
    sweepThrough(suspended, 5 * HOUR, 5 * HOUR + TIMEOUT);
    expect(suspended.view().active.sessions).toBe(1);
    suspended.sweep(T + 5 * HOUR + TIMEOUT + 1);
    expect(suspended.view().active.sessions).toBe(0);
  });

  test('a virtual proxy separates sessions, and a session without one takes over that of its lines', () => {
    const view = model(
      start(0, { virtualProxy: 'a' }),
      open(1_000, 'x', { virtualProxy: 'b' }),
      stop(2_000, { virtualProxy: 'c' }),
    ).view();
    expect(view).toMatchObject({ created: 2, orphanStops: 1, active: { sessions: 2 } });
    const taken = model(start(0), open(1_000, 'x', { virtualProxy: 'b' })).view();
    expect(only(taken).virtualProxy).toBe('b');
  });

  test('failed commands change nothing and rejections are always counted', () => {
    const view = model(start(0, { result: 5 }), line('session_rejected', 1, { result: 1 })).view();
    expect(view).toMatchObject({ created: 0, rejected: 1, sessions: [] });
  });

  test('whatever happens, the counts add up and no session is impossible', () => {
    fc.assert(
      fc.property(steps(), (all) => {
        const made = new SessionModel(SETTINGS);
        for (const step of all) {
          if (step.type === 'batch') {
            for (const event of step.events) {
              made.apply(event);
            }
          } else if (step.type === 'sweep') {
            made.sweep(step.now);
          } else if (step.type === 'exclude') {
            made.exclude((user) => step.users.includes(userName(user)), step.now);
          } else if (step.type === 'lose') {
            made.lose(step.host, step.reason, step.now);
          } else {
            made.restart(step.stoppedAt, step.startedAt);
          }
        }
        const { sessions, active, created, destroyed } = made.view();
        expect(created - destroyed).toBe(active.sessions);
        const openKeys = sessions
          .filter((session) => session.endedAt === null && session.sessionKey !== null)
          .map((session) => JSON.stringify([session.host, session.user, session.sessionKey]));
        expect(new Set(openKeys).size).toBe(openKeys.length);
        for (const session of sessions) {
          expect(session.lastActivityAt).toBeGreaterThanOrEqual(session.startedAt);
          expect(session.endedAt ?? session.startedAt).toBeGreaterThanOrEqual(session.startedAt);
          expect(session.endedAt === null).toBe(session.endReason === null);
          expect(session.endedAt === null || session.connections.every((one) => one.closedAt !== null)).toBe(
            true,
          );
        }
      }),
      { numRuns: 200 },
    );
  });
});
