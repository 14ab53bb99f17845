import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Kind, UserEvent } from '../../../src/contract/event.ts';
import { TrackerUnderTest } from '../tracker-under-test.ts';
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

type Subject = SessionModel | TrackerUnderTest;

/** What the rules are about: their obvious form, and the one that runs. */
const SUBJECTS: readonly (readonly [name: string, create: () => Subject])[] = [
  ['the model', () => new SessionModel(SETTINGS)],
  ['the tracker', () => new TrackerUnderTest(SETTINGS)],
];

function only(view: TrackerView): SessionView {
  expect(view.sessions).toHaveLength(1);
  const [session] = view.sessions;
  if (session === undefined) {
    throw new Error('no session');
  }
  return session;
}

/** Every 10 s, as the rules want it, from `from` to `to`. */
function sweepThrough(made: Subject, from: number, to: number): void {
  for (let after = from; after < to; after += 10_000) {
    made.sweep(T + after);
  }
  made.sweep(T + to);
}

describe.each(SUBJECTS)('the rules of session tracking, as %s has them', (_name, create) => {
  function given(...events: UserEvent[]): Subject {
    const made = create();
    for (const event of events) made.apply(event);
    return made;
  }

  it('pairs a start, an open, a close and a stop', () => {
    const view = given(start(0), open(1_000, 'a'), close(2_000, 'a'), stop(3_000)).view();
    expect(view.sessions).toEqual([
      {
        id: 1,
        host: 'node1',
        user: 'acme\\anna',
        sessionKey: null,
        virtualProxy: null,
        userAgent: null,
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

  it('a start up to 5 s after an open confirms the session that the open synthesised', () => {
    const within = given(open(0, 'a'), start(5_000)).view();
    expect(only(within)).toMatchObject({ startedAt: T, startExact: true, lastActivityAt: T + 5_000 });

    const late = given(open(0, 'a'), start(5_001)).view();
    expect(late.sessions).toMatchObject([
      { startedAt: T, startExact: false },
      { startedAt: T + 5_001, startExact: true },
    ]);
  });

  it('a start that comes up to 60 s after an open of up to 20 s later confirms what the open synthesised', () => {
    const sessions = (...of: readonly UserEvent[]) => given(...of).view().sessions;
    const opened = open(20_000, 'a', timed(20_000));
    expect(sessions(opened, start(80_000, timed(0)))).toMatchObject([{ startedAt: T, startExact: true }]);
    expect(sessions(opened, start(80_001, timed(0)))).toHaveLength(2);
    expect(sessions(opened, start(26_000, timed(-1)))).toHaveLength(2);
    expect(sessions(opened, start(26_000, timed(20_001)))).toHaveLength(2);
    expect(sessions(opened, start(26_000))).toHaveLength(2);
    // A second session: the first one has its start already.
    expect(sessions(opened, start(30_000, timed(0)), start(31_000, timed(1_000)))).toHaveLength(2);
    // An earlier open has told that the session had begun before.
    const earlier = open(21_000, 'b', timed(15_000));
    expect(sessions(opened, earlier, start(30_000, timed(15_001)))).toHaveLength(2);
  });

  it('of two sessions one after the other whose lines cross both have ended', () => {
    const first = start(0, timed(0));
    const second = start(12_000, timed(6_000));
    const stops = [stop(10_000, timed(9_000)), stop(11_000, timed(5_000))] as const;
    const ends = (...of: readonly UserEvent[]) =>
      given(...of)
        .view()
        .sessions.map(({ endedAt }) => endedAt);
    // The stop of the second one ends the first one.
    expect(ends(first, ...stops, second)).toEqual([T + 9_000, T + 6_000]);
    expect(ends(first, stops[0], start(11_000, timed(6_000)), stop(12_000, timed(5_000)))).toEqual([
      T + 9_000,
      T + 6_000,
    ]);
    expect(given(first, ...stops, second).view()).toMatchObject({ created: 2, destroyed: 2 });
    // A third session is one of its own.
    expect(ends(first, ...stops, second, start(13_000, timed(7_000)))).toEqual([T + 9_000, T + 6_000, null]);
    expect(ends(first, ...stops, start(12_000, timed(9_001)))).toEqual([T + 9_000, null]);
    expect(ends(first, ...stops, start(12_000, timed(4_999)))).toEqual([T + 9_000, T + 5_000]);
    expect(ends(first, ...stops, start(70_001, timed(6_000)))).toEqual([T + 9_000, null]);
  });

  it('a close 18 s after the stop completes the connection and changes no count', () => {
    const made = given(start(0), open(1_000, 'a'), stop(10_000));
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

  it('a close more than 60 s after the stop, by event time or by arrival, completes nothing', () => {
    const stopped = [start(0), open(1_000, 'a'), stop(10_000)];
    expect(given(...stopped, close(70_000, 'a')).view().orphanCloses).toBe(0);
    expect(given(...stopped, close(70_001, 'a')).view().orphanCloses).toBe(1);
    expect(given(...stopped, close(70_000, 'a', timed(70_001))).view().orphanCloses).toBe(1);
    expect(given(...stopped, close(70_001, 'a', timed(9_000))).view().orphanCloses).toBe(1);
  });

  it('a close takes the newest connection of its app, a timed one none that opened after it', () => {
    const opened = [start(0), open(1_000, 'a'), open(2_000, 'a')];
    const untimed = given(...opened, close(5_000, 'a')).view();
    expect(only(untimed).connections).toMatchObject([{ closedAt: null }, { closedAt: T + 5_000 }]);

    const byTime = given(...opened, close(5_000, 'a', timed(1_500))).view();
    expect(only(byTime).connections).toMatchObject([{ closedAt: T + 1_500 }, { closedAt: null }]);

    const other = given(...opened, close(5_000, 'b')).view();
    expect(other).toMatchObject({ orphanCloses: 1, active: { connections: 2 } });
    expect(only(other).lastActivityAt).toBe(T + 5_000);
  });

  it('a timed orphan stop is paired with the timed start that comes after it', () => {
    const view = given(stop(20_000, timed(20_000)), start(21_000, timed(0))).view();
    expect(only(view)).toMatchObject({
      startedAt: T,
      startExact: true,
      endedAt: T + 20_000,
      endExact: true,
      endReason: 'stop',
    });
    expect(view).toMatchObject({ created: 1, destroyed: 1, orphanStops: 1, active: { sessions: 0 } });

    const tooFar = given(stop(20_001, timed(20_001)), start(21_000, timed(0))).view();
    expect(tooFar.active.sessions).toBe(1);
    const tooOld = given(stop(0, timed(0)), start(60_001, timed(0))).view();
    expect(tooOld.active.sessions).toBe(1);
  });

  it('an open that comes after the stop of its session is attached to it, and its close completes it', () => {
    const late = [start(0, timed(0)), stop(9_000, timed(5_000)), open(9_500, 'a', timed(4_000))];
    const guessed = given(...late).view();
    expect(only(guessed)).toMatchObject({
      endedAt: T + 5_000,
      identityExact: true,
      connections: [{ openedAt: T + 4_000, closedAt: T + 5_000, closeExact: false }],
    });
    expect(guessed).toMatchObject({ created: 1, destroyed: 1, active: { sessions: 0, connections: 0 } });
    const completed = only(given(...late, close(10_000, 'a', timed(4_500))).view());
    expect(completed.connections).toMatchObject([{ closedAt: T + 4_500, closeExact: true }]);
  });

  it('an open that is later than the stop, or came more than 60 s after it, is of another session', () => {
    const ended = [start(0, timed(0)), stop(5_000, timed(5_000))];
    expect(given(...ended, open(65_000, 'a', timed(5_000))).view().sessions).toHaveLength(1);
    expect(given(...ended, open(65_001, 'a', timed(5_000))).view().sessions).toHaveLength(2);
    expect(given(...ended, open(5_001, 'a', timed(5_001))).view().sessions).toHaveLength(2);
    expect(given(...ended, open(5_001, 'a')).view().sessions).toHaveLength(2);
  });

  it('an open of before the newest session is attached to the one that had been there before it', () => {
    const view = given(
      start(0, timed(0)),
      stop(5_000, timed(5_000)),
      start(6_000, timed(6_000)),
      open(6_500, 'a', timed(4_000)),
    ).view();
    expect(view.sessions.map(({ connections }) => connections.length)).toEqual([1, 0]);
    expect(view.active).toMatchObject({ sessions: 1, connections: 0 });
  });

  it('a start that comes after open and stop confirms the session that has ended', () => {
    const ended = [open(1_000, 'a', timed(1_000)), stop(2_000, timed(2_000))];
    const view = given(...ended, start(9_000, timed(500))).view();
    expect(only(view)).toMatchObject({ startedAt: T + 500, startExact: true, endedAt: T + 2_000 });
    expect(view).toMatchObject({ created: 1, destroyed: 1, active: { sessions: 0 } });
    // A second one is of another session.
    expect(given(...ended, start(9_000, timed(500)), start(9_000, timed(600))).view().created).toBe(2);
  });

  it('a stop that comes before open and start ends the session that the open makes up for', () => {
    const early = [stop(5_000, timed(5_000)), open(6_000, 'a', timed(1_000))];
    expect(only(given(...early).view())).toMatchObject({
      startedAt: T + 1_000,
      startExact: false,
      endedAt: T + 5_000,
      endReason: 'stop',
      connections: [{ closedAt: T + 5_000, closeExact: false }],
    });
    const confirmed = given(...early, start(7_000, timed(500)), close(8_000, 'a', timed(3_000))).view();
    expect(only(confirmed)).toMatchObject({
      startedAt: T + 500,
      startExact: true,
      connections: [{ closedAt: T + 3_000, closeExact: true }],
    });
  });

  it('a close that comes before its open closes the connection at once', () => {
    const early = [start(0, timed(0)), close(5_000, 'a', timed(5_000))];
    const view = given(...early, open(6_000, 'a', timed(1_000))).view();
    expect(only(view).connections).toMatchObject([{ closedAt: T + 5_000, closeExact: true }]);
    expect(view).toMatchObject({ orphanCloses: 1, active: { sessions: 1, connections: 0 } });
    // One of another app or of a later time is not closed by it.
    const others = given(...early, open(6_000, 'b', timed(1_000)), open(6_000, 'a', timed(5_001))).view();
    expect(others.active.connections).toBe(2);
  });

  it('what seemed to contradict and has found its session is no loss', () => {
    const early = [
      start(0, timed(0)),
      open(3_000, 'a', timed(3_000)),
      close(4_000, 'a', timed(2_000)),
      start(5_000, { ...timed(5_000), host: 'node2' }),
      stop(6_000, { ...timed(4_000), host: 'node2' }),
    ];
    const made = given(...early);
    expect(['node1', 'node2'].map((host) => made.reasonsOf(host, T + 6_000))).toEqual([['clock'], ['clock']]);
    made.apply(open(7_000, 'a', timed(1_000)));
    made.apply(open(7_000, 'a', { ...timed(3_000), host: 'node2' }));
    expect(['node1', 'node2'].map((host) => made.reasonsOf(host, T + 7_000))).toEqual([[], []]);
    expect(made.view().active).toMatchObject({ sessions: 2, connections: 1 });
  });

  it('a stop takes the oldest session without an open connection', () => {
    const view = given(start(0), open(1, 'a'), start(1_000), start(2_000), stop(3_000)).view();
    expect(view.sessions.map((session) => session.endedAt)).toEqual([null, T + 3_000, null]);
    expect(view.active).toEqual({ sessions: 2, users: 1, connections: 1, connectedUsers: 1 });
  });

  it('a timed stop ends no session whose timed start lies after it', () => {
    const view = given(start(5_000, timed(5_000)), stop(5_500, timed(4_999))).view();
    expect(view).toMatchObject({ orphanStops: 1, active: { sessions: 1 } });
    const untimedStart = given(start(5_000), stop(5_500, timed(4_999))).view();
    expect(only(untimedStart)).toMatchObject({ endedAt: T + 5_000, endReason: 'stop' });
  });

  it('a silent session times out at its last activity, and an open within 24 h reopens it', () => {
    const made = given(start(0));
    sweepThrough(made, 0, TIMEOUT);
    expect(made.view().active.sessions).toBe(1);
    made.sweep(T + TIMEOUT + 1);
    expect(only(made.view())).toMatchObject({ endedAt: T, endExact: false, endReason: 'timeout' });

    made.apply(open(24 * HOUR, 'a'));
    const view = made.view();
    expect(only(view)).toMatchObject({ endedAt: null, endExact: false, endReason: null });
    expect(view).toMatchObject({ created: 1, destroyed: 0, active: { sessions: 1, connections: 1 } });
  });

  it('an open more than 24 h after the time-out synthesises a session', () => {
    const made = given(start(0));
    made.sweep(T + TIMEOUT + 1);
    made.apply(open(24 * HOUR + 1, 'a'));
    expect(made.view().sessions).toMatchObject([
      { endReason: 'timeout' },
      { startedAt: T + 24 * HOUR + 1, startExact: false, endedAt: null },
    ]);
  });

  it('a session that a sweep ended more than 24 h ago, by arrival, is not remembered', () => {
    const made = given(start(0));
    made.sweep(T + TIMEOUT + 1);
    made.apply(stop(TIMEOUT + 1 + 24 * HOUR + 1, timed(HOUR)));
    expect(made.view()).toMatchObject({ orphanStops: 1, sessions: [{ endReason: 'timeout' }] });
  });

  it('a key remembers the last 64 orphan stops', () => {
    const stops = Array.from({ length: 65 }, (_, n) => stop(n, timed(1_000 * n)));
    const first = given(...stops, start(100, { ...timed(-20_000) }));
    expect(first.view().active.sessions).toBe(1);
    const second = given(...stops, start(100, { ...timed(-19_000) }));
    expect(only(second.view()).endedAt).toBe(T + 1_000);
  });

  it('a stop corrects a session that had timed out', () => {
    const made = given(start(0));
    made.sweep(T + TIMEOUT + 1);
    made.apply(stop(HOUR));
    const view = made.view();
    expect(only(view)).toMatchObject({ endedAt: T + HOUR, endExact: true, endReason: 'stop' });
    expect(view).toMatchObject({ created: 1, destroyed: 1, orphanStops: 0 });
    made.apply(stop(HOUR + 1));
    expect(made.view().orphanStops).toBe(1);
  });

  it('a session with an open connection ends by max_age only, and its close comes too late', () => {
    const made = given(start(0), open(1_000, 'a'));
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

  it('two sessions of one key make those without a session key inexact, and for good', () => {
    const view = given(start(0, key('k1')), start(1_000), start(2_000, key('k2')), stop(3_000)).view();
    // k2 adopted the session without a key, so the third line opened none.
    expect(view.sessions).toMatchObject([
      { sessionKey: 'k1', identityExact: false, endReason: 'stop' },
      { sessionKey: 'k2', identityExact: false, endReason: null },
    ]);
    const keyed = given(start(0, key('k1')), start(1_000, key('k2'))).view();
    expect(keyed.sessions.map((session) => session.identityExact)).toEqual([true, true]);
    const alone = given(start(0), stop(1), start(2), stop(3)).view();
    expect(alone.sessions.map((session) => session.identityExact)).toEqual([true, true]);
  });

  it('a line with a session key finds its session, or gives its key to the oldest without one', () => {
    const view = given(
      start(0, key('k1')),
      start(1_000, key('k2')),
      open(2_000, 'a', key('k1')),
      stop(3_000, key('k2')),
    ).view();
    expect(view.sessions).toMatchObject([
      { endedAt: null, connections: [{ appId: 'a' }] },
      { endedAt: T + 3_000, identityExact: true },
    ]);
    const adopted = given(start(0), open(1_000, 'a', key('k1'))).view();
    expect(only(adopted)).toMatchObject({ sessionKey: 'k1', connections: [{ appId: 'a' }] });
  });

  it('a stop with a session key that no session has is a mismatch and falls back', () => {
    const view = given(start(0, key('k1')), stop(1_000, key('k2'))).view();
    expect(only(view)).toMatchObject({ sessionKey: 'k1', endReason: 'stop', identityExact: true });
    expect(view).toMatchObject({ keyMismatches: 1, orphanStops: 0, ignoredKeyHosts: [] });
    // Without a candidate it is no mismatch.
    expect(given(stop(0, key('k1'))).view()).toMatchObject({ keyMismatches: 0, orphanStops: 1 });
  });

  it('a line with a session key ends and closes nothing of another session once a key of the host has matched', () => {
    const one = [start(0, key('k1')), open(1_000, 'a', key('k1'))];
    const view = given(...one, close(2_000, 'a', key('k2')), stop(3_000, key('k2'))).view();
    expect(only(view)).toMatchObject({ endedAt: null, connections: [{ closedAt: null }] });
    expect(view).toMatchObject({ keyMismatches: 1, orphanStops: 1, orphanCloses: 1 });
  });

  it('after 20 mismatches in a row the session keys of the host are ignored', () => {
    const mismatch = (round: number) => [
      start(2 * round, key(`k${round}`)),
      stop(2 * round + 1, key(`x${round}`)),
    ];
    const rounds = Array.from({ length: 20 }, (_, round) => mismatch(round)).flat();
    const made = given(...rounds.slice(0, -1));
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
    const interrupted = given(...rounds.slice(0, 20), ...matched, ...rounds.slice(20));
    expect(interrupted.view()).toMatchObject({ keyMismatches: 20, ignoredKeyHosts: [] });
  });

  it('sessions of users that are now excluded are kept without being counted, time out, and come back', () => {
    const made = given(start(0), open(1_000, 'a'), start(2_000, { user: null }));
    made.exclude((user) => userName(user) === 'acme\\anna', T + 9_000);
    expect(made.view()).toMatchObject({
      sessions: [{ endedAt: null }, { user: '', endedAt: null }],
      active: { sessions: 1, users: 0, connections: 0 },
      apps: {},
      created: 2,
      destroyed: 1,
    });
    made.exclude(() => false, T + 10_000);
    made.apply(close(10_000, 'a'));
    expect(made.view()).toMatchObject({
      orphanCloses: 0,
      active: { sessions: 2, users: 1 },
      created: 2,
      destroyed: 0,
    });
    made.exclude(() => true, T + 11_000);
    sweepThrough(made, 11_000, 10_000 + TIMEOUT + 1);
    made.exclude(() => false, T + 12_000 + TIMEOUT);
    expect(made.view()).toMatchObject({
      sessions: [{ endReason: 'timeout', endedAt: T + 10_000 }, { user: '' }],
      active: { sessions: 0 },
      destroyed: 2,
    });
  });

  it('downtimes shift the time-out by their part after the last activity', () => {
    const shut = given(start(0));
    shut.restart(T - 1_000, T + HOUR);
    shut.sweep(T + HOUR + TIMEOUT);
    expect(shut.view().active.sessions).toBe(1);
    shut.restart(T + HOUR + TIMEOUT, T + HOUR + TIMEOUT);
    shut.sweep(T + HOUR + TIMEOUT + 1);
    expect(only(shut.view())).toMatchObject({ endedAt: T, endReason: 'timeout' });

    const suspended = given(start(0));
    suspended.sweep(T);
    suspended.sweep(T + 5 * HOUR);
    expect(suspended.view().active.sessions).toBe(1);
    sweepThrough(suspended, 5 * HOUR, 5 * HOUR + TIMEOUT);
    expect(suspended.view().active.sessions).toBe(1);
    suspended.sweep(T + 5 * HOUR + TIMEOUT + 1);
    expect(suspended.view().active.sessions).toBe(0);
  });

  it('a virtual proxy separates sessions, and a session without one takes over that of its lines', () => {
    const view = given(
      start(0, { virtualProxy: 'a' }),
      open(1_000, 'x', { virtualProxy: 'b' }),
      stop(2_000, { virtualProxy: 'c' }),
    ).view();
    expect(view).toMatchObject({ created: 2, orphanStops: 1, active: { sessions: 2 } });
    const taken = given(start(0), open(1_000, 'x', { virtualProxy: 'b' })).view();
    expect(only(taken).virtualProxy).toBe('b');
  });

  it('failed commands change nothing and rejections are always counted', () => {
    const view = given(start(0, { result: 5 }), line('session_rejected', 1, { result: 1 })).view();
    expect(view).toMatchObject({ created: 0, rejected: 1, sessions: [] });
  });

  it('a session takes over the user agent of the first of its lines that names one', () => {
    const agent = (userAgent: string): Partial<UserEvent> => ({ userAgent });
    const view = given(start(0), open(1_000, 'a', agent('one')), open(2_000, 'b', agent('two'))).view();
    expect(only(view).userAgent).toBe('one');
    expect(only(given(open(0, 'a'), start(1_000, agent('one'))).view()).userAgent).toBe('one');
  });

  it('a user with two sessions is one user, over all and by each name, until both have ended', () => {
    const anna = { virtualProxy: 'vp' };
    const made = given(start(0, anna), open(1, 'a', anna), start(2, anna), open(3, 'a', anna));
    expect(made.view()).toMatchObject({
      active: { sessions: 2, users: 1, connections: 2, connectedUsers: 1 },
      hosts: { node1: { sessions: 2, users: 1, connections: 2 } },
      virtualProxies: { vp: { sessions: 2, users: 1, connections: 2 } },
      apps: { a: { users: 1, connections: 2 } },
    });
    made.apply(close(4, 'a', anna));
    expect(made.view().apps).toEqual({ a: { users: 1, connections: 1 } });
    made.apply(close(5, 'a', anna));
    expect(made.view().apps).toEqual({});
    made.apply(stop(6, anna));
    expect(made.view().virtualProxies).toEqual({ vp: { sessions: 1, users: 1, connections: 0 } });
    made.apply(stop(7, anna));
    expect(made.view()).toMatchObject({ hosts: {}, virtualProxies: {}, apps: {}, active: { users: 0 } });
  });

  it('a user who leaves is one less of those who stay', () => {
    const bert = { user: { directory: 'ACME', id: 'bert' }, virtualProxy: 'vp' };
    const made = given(start(0, bert), open(1, 'a', bert), start(2, { virtualProxy: 'vp' }), open(3, 'a'));
    expect(made.view()).toMatchObject({ virtualProxies: { vp: { users: 2 } }, apps: { a: { users: 2 } } });
    made.apply(stop(4, bert));
    expect(made.view()).toMatchObject({
      hosts: { node1: { sessions: 1, users: 1, connections: 1 } },
      virtualProxies: { vp: { sessions: 1, users: 1, connections: 1 } },
      apps: { a: { users: 1, connections: 1 } },
    });
  });

  it('a virtual proxy that is learnt late gets the connections that are open by then', () => {
    const made = given(start(0), open(1, 'a'), open(2, 'b'));
    expect(made.view().virtualProxies).toEqual({});
    made.apply(open(3, 'c', { virtualProxy: 'vp' }));
    expect(made.view().virtualProxies).toEqual({ vp: { sessions: 1, users: 1, connections: 3 } });
    made.apply(close(4, 'a'));
    expect(made.view().virtualProxies).toEqual({ vp: { sessions: 1, users: 1, connections: 2 } });
  });

  it('the mean length is that of the sessions that ended in the last hour, one that is reopened not among them', () => {
    const made = given(start(0), stop(60_000), start(70_000), open(75_000, 'a'), close(100_000, 'a'));
    sweepThrough(made, 100_000, 100_000 + TIMEOUT + 1);
    const now = T + 100_000 + TIMEOUT + 1;
    expect(made.windows(now)).toMatchObject({ destroyed: { last1h: 2 }, averageDurationSeconds: 45 });
    made.apply(open(100_000 + TIMEOUT + 1, 'a'));
    expect(made.windows(now)).toMatchObject({ destroyed: { last1h: 1 }, averageDurationSeconds: 60 });
  });
});

describe('the model of the tracking rules', () => {
  it('whatever happens, the counts add up and no session is impossible', () => {
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
