import type { OneSession } from '../../src/journal/read/answers.ts';

export const BEGAN = Date.parse('2026-11-20T10:00:00Z');

/** A time so many minutes after the beginning. */
export function minute(minutes: number): string {
  return new Date(BEGAN + minutes * 60_000).toISOString();
}

/** A session of an hour in which everything is exact. */
export function sessionWith(changes: Partial<OneSession> = {}): OneSession {
  return {
    id: 'store-1',
    user: { directory: 'LAB', id: 'anna' },
    class: 'person',
    host: 'node1',
    virtualProxy: '/sales',
    startedAt: minute(0),
    startExact: true,
    endedAt: minute(60),
    endReason: 'stop',
    endExact: true,
    identityExact: true,
    application: false,
    state: 'ended',
    doubtful: false,
    lastActivityAt: minute(60),
    durationSeconds: 3600,
    openConnections: 0,
    connections: [],
    apps: [],
    browser: 'Firefox 132',
    os: 'Linux',
    timeline: [],
    lossWindows: [],
    truncated: false,
    ...changes,
  };
}

export function connection(
  appId: string | null,
  openedAt: string,
  closedAt: string | null,
  closeExact = true,
): OneSession['connections'][number] {
  return { appId, appName: null, openedAt, closedAt, closeExact };
}

export function event(
  changes: Partial<OneSession['timeline'][number]> & Pick<OneSession['timeline'][number], 'kind' | 'at'>,
): OneSession['timeline'][number] {
  return {
    seq: 1,
    eventId: null,
    originalAt: null,
    receivedAt: changes.at,
    host: 'node1',
    user: { directory: 'LAB', id: 'anna' },
    virtualProxy: null,
    origin: null,
    ...{ noteType: null, source: null, level: null, value: null, count: null, version: null, userName: null },
    context: null,
    appId: null,
    appName: null,
    sessionId: 'store-1',
    result: null,
    reason: null,
    browser: null,
    os: null,
    message: null,
    ...changes,
  };
}
