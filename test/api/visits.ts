import { NOON, SALES } from './api-under-test.ts';

const APPS = [SALES, '00000000-0000-4000-8000-000000000002', null];
const HOSTS = ['qs1', 'qs2', '10.0.0.7'];
const PROXIES = ['sales', null];
const SECOND_MS = 1000;

/** One user's one session on one host, with one connection. Times in milliseconds since 1970 UTC. */
export interface Visit {
  readonly user: { readonly directory: string; readonly id: string };
  readonly host: string;
  readonly virtualProxy: string | null;
  readonly appId: string | null;
  readonly startedAt: number;
  readonly openedAt: number;
  /** Null for both where it is still open. */
  readonly closedAt: number | null;
  readonly endedAt: number | null;
}

/** Some visits in the hour before noon, all different in what filters look at. */
export function someVisits(count: number): Visit[] {
  return Array.from({ length: count }, (_, n) => {
    const startedAt = NOON - 3_600_000 + n * 60 * SECOND_MS;
    const open = n % 5 === 0;
    return {
      user: { directory: n % 2 === 0 ? 'LAB' : 'Corp', id: `User${n % 7}.${n}` },
      host: HOSTS[n % HOSTS.length] ?? '',
      virtualProxy: PROXIES[n % PROXIES.length] ?? null,
      appId: APPS[n % APPS.length] ?? null,
      startedAt,
      openedAt: startedAt + 10 * SECOND_MS,
      closedAt: open ? null : startedAt + 100 * SECOND_MS,
      endedAt: open ? null : startedAt + 200 * SECOND_MS,
    };
  });
}

/** One item of `POST /api/v1/events`, and when it is from. */
export interface Posted {
  readonly at: string;
  readonly type: string;
  readonly user: Visit['user'];
  readonly host: string;
  readonly virtualProxy: string | null;
  readonly appId: string | null;
}

/** What the visitors' nodes say, in order of time. */
export function eventsOf(visits: readonly Visit[]): Posted[] {
  const said = visits.flatMap(({ startedAt, openedAt, closedAt, endedAt, appId, ...who }) => [
    { type: 'session_start', at: startedAt, appId: null, ...who },
    { type: 'connection_open', at: openedAt, appId, ...who },
    { type: 'connection_close', at: closedAt, appId, ...who },
    { type: 'session_stop', at: endedAt, appId: null, ...who },
  ]);
  return said
    .flatMap((event) => (event.at === null ? [] : [{ ...event, at: event.at }]))
    .sort((a, b) => a.at - b.at)
    .map((event) => ({ ...event, at: new Date(event.at).toISOString() }));
}
