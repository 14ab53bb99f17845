import type { SessionCountsRow, SessionRow } from '../../src/contract/rows.ts';
import { countsRow } from '../sinks/rows-under-test.ts';

/** What was open at a moment; nothing happened in that second. `low`, `high`: what the truth lies between. */
export function counts(
  at: number,
  name: string | null,
  active: number | null,
  [low, high]: readonly [low: number | null, high: number | null] = [null, null],
): SessionCountsRow {
  const scope = name === null ? 'all' : 'host';
  const bounds = { sessionsLow: low, sessionsHigh: high };
  return countsRow({ at, scope, name, active, users: active, connections: active, ...bounds });
}

let sessions = 0;
export function session(
  host: string,
  id: string,
  startedAt: number,
  more: Partial<SessionRow> = {},
): SessionRow {
  sessions += 1;
  const unknown = { virtualProxy: null, browserVersion: null, osVersion: null };
  const client = { browser: 'Firefox', os: 'Linux', ...unknown };
  const none = { openConnections: 0, connections: 0, apps: [] };
  const open = { endedAt: null, endExact: false, endReason: null, ...none };
  const times = { firstSeenAt: startedAt, startedAt, startExact: true, lastActivityAt: startedAt };
  const user = { directory: 'LAB', id };
  return {
    id: `${host}-${sessions}`,
    host,
    user,
    identityExact: true,
    application: false,
    ...client,
    ...times,
    ...open,
    ...more,
  };
}
