import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { countsView } from '../../src/api/counts/counts-view.ts';
import { fixedAppNames } from '../../src/contract/app-names.ts';
import type { Kind, UserEvent } from '../../src/contract/event.ts';
import { seriesOf } from '../../src/journal/read/series-query.ts';
import { EPOCH, SETTINGS } from '../sessions/model/event-arbitrary.ts';
import { StoredSite } from './stored-site.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const IDLE = SETTINGS.timeoutMs + SETTINGS.graceMs;

let stored: StoredSite;
/** The clock of this machine, and time as it really passes. */
let now: number;
beforeEach(() => {
  stored = new StoredSite(SETTINGS);
  stored.site.quality.since = EPOCH;
  now = EPOCH;
  tick();
});
afterEach(() => stored.dispose());

function tick(): void {
  stored.site.tick(now);
  stored.commit(now, true);
}

/** Headcount runs for so long; it ticks each second, here each five to be quick. */
function runs(ms: number): void {
  for (const end = now + ms; now < end; ) {
    now += 5 * SECOND;
    tick();
  }
}

function jumps(ms: number): void {
  now += ms;
  tick();
}

function says(kind: Kind, id: string, at: number | null = null): void {
  const event: UserEvent = {
    kind,
    at: at ?? now,
    originalAt: null,
    timed: at !== null,
    receivedAt: now,
    host: 'node1',
    user: { directory: 'LAB', id },
    origin: null,
    context: null,
    appId: kind.startsWith('connection') ? 'app-1' : null,
    virtualProxy: null,
    sessionKey: null,
    rowNumber: null,
    result: null,
    userAgent: null,
    message: null,
    reason: null,
    eventId: null,
  };
  stored.apply(event);
}

function restarts(afterMs: number): void {
  const { sessions, users, connections, connectedUsers } = stored.site.counts;
  const stoppedAt = now;
  stored.killAndRestart();
  expect(stored.site.counts).toMatchObject({ sessions, users, connections, connectedUsers });
  now += afterMs;
  stored.site.tracker.restarted(stoppedAt, now);
  tick();
}

/** Nothing that a person sees is negative, and what was created and not destroyed is on. */
function expectSound(): void {
  const view = countsView(stored.site, fixedAppNames(new Map()), now);
  const numbers = JSON.stringify(view).match(/:-\d+/g);
  expect(numbers).toBeNull();
  expect(view.created.total - view.destroyed.total).toBe(view.active.sessions);
  for (const window of ['60s', '1h', '1d', '1w'] as const) {
    for (const point of seriesOf(stored.database, window, 'all', now).points) {
      for (const n of [point.active, point.users, point.connections, point.created, point.destroyed]) {
        if (n !== null) expect(n).toBeGreaterThanOrEqual(0);
      }
    }
  }
  const backwards = stored.database
    .prepare(
      `SELECT id FROM sessions WHERE ended_at < started_at OR last_activity_at < started_at
       UNION SELECT id FROM connections WHERE closed_at < opened_at`,
    )
    .all();
  expect(backwards).toEqual([]);
}

describe.each([
  ['an hour back', -HOUR],
  ['a day ahead', DAY],
  ['an hour back and a day ahead', -HOUR, DAY],
  ['a day ahead and back again', DAY, -DAY],
  ['an hour back and ahead again', -HOUR, HOUR],
  ['nine seconds back', -9 * SECOND],
] as [name: string, ...jumps: number[]][])('a clock that steps %s', (_name, ...steps) => {
  it('times nobody out who was on a moment ago', () => {
    says('session_start', 'idle');
    says('session_start', 'working');
    says('connection_open', 'working');
    tick();
    for (const step of steps) {
      runs(30 * SECOND);
      jumps(step);
      expect(stored.site.counts).toMatchObject({ sessions: 2, users: 2, connections: 1 });
    }
    runs(MINUTE);
    expect(stored.site.counts).toMatchObject({ sessions: 2, users: 2, connections: 1 });
    expectSound();
  });

  it('leaves each Stop to its session, and nothing negative', () => {
    for (const id of ['anna', 'bert', 'carl']) says('session_start', id);
    says('connection_open', 'anna');
    for (const step of steps) {
      runs(10 * SECOND);
      jumps(step);
      says('connection_open', 'bert');
      tick();
      expectSound();
    }
    says('connection_close', 'anna');
    says('connection_close', 'bert');
    for (const id of ['anna', 'bert', 'carl']) says('session_stop', id);
    tick();
    expect(stored.site.counts).toMatchObject({ sessions: 0, users: 0, connectedUsers: 0 });
    expect(stored.site.tracker.counters.orphanStops).toBe(0);
    expectSound();
  });

  it('still times out who is silent from then on, once the clock has passed the last activity', () => {
    says('session_start', 'anna');
    tick();
    for (const step of steps) jumps(step);
    const latest = Math.max(now, EPOCH);
    runs(latest - now + IDLE + MINUTE);
    expect(stored.site.counts.sessions).toBe(0);
    expectSound();
  });

  it('changes nothing about what a restart brings back', () => {
    says('session_start', 'anna');
    says('connection_open', 'anna');
    tick();
    for (const step of steps) {
      jumps(step);
      says('session_start', 'bert');
      says('session_stop', 'bert');
      tick();
      restarts(MINUTE);
    }
    expect(stored.site.counts).toMatchObject({ sessions: 1, users: 1, connections: 1 });
    expectSound();
  });
});

describe('a clock that was set back while Headcount did not run', () => {
  it('leaves everyone on', () => {
    says('session_start', 'anna');
    tick();
    restarts(-HOUR);
    runs(MINUTE);
    expect(stored.site.counts.sessions).toBe(1);
    says('session_stop', 'anna');
    tick();
    expect(stored.site.counts.sessions).toBe(0);
    expectSound();
  });
});

describe('a pause of more than ten seconds between two sweeps', () => {
  it('is time in which Headcount did not run: it times nobody out, and the series has a gap', () => {
    says('session_start', 'anna');
    tick();
    jumps(IDLE - MINUTE);
    runs(2 * MINUTE);
    expect(stored.site.counts.sessions).toBe(1);
    expect(stored.site.quality.at(now).reasons).toContain('downtime');
    const { points } = seriesOf(stored.database, '1h', 'all', now);
    const before = points.find((point) => point.at === new Date(now - 5 * MINUTE).toISOString());
    expect(before).toMatchObject({ active: null, created: null });
  });

  it('that is shorter is none: who is silent times out as ever', () => {
    says('session_start', 'anna');
    tick();
    for (let n = 0; n * 9 * SECOND < IDLE + MINUTE; n += 1) jumps(9 * SECOND);
    expect(stored.site.counts.sessions).toBe(0);
    expect(stored.site.quality.at(now).reasons).not.toContain('downtime');
  });
});

describe('lines with times of their own around a step of our clock', () => {
  it('leave durations and counts sound', () => {
    says('session_start', 'anna', now);
    tick();
    jumps(-HOUR);
    says('connection_open', 'anna', now + HOUR + SECOND);
    says('session_start', 'bert', now + HOUR + SECOND);
    tick();
    jumps(DAY);
    says('connection_close', 'anna', now - DAY + HOUR + 2 * SECOND);
    says('session_stop', 'anna', now - DAY + HOUR + 2 * SECOND);
    says('session_stop', 'bert', now - DAY + HOUR + 2 * SECOND);
    tick();
    expect(stored.site.counts).toMatchObject({ sessions: 0, connections: 0 });
    expectSound();
  });
});
