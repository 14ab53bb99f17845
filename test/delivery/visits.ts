import type { Kind, UserEvent } from '../../src/contract/event.ts';
import type { StoredSite } from '../journal/stored-site.ts';

/** An event that arrives at `receivedAt`, without any other field that a test may leave open. */
export function eventAt(kind: Kind, at: number, id: string, receivedAt = at): UserEvent {
  return {
    kind,
    at,
    originalAt: null,
    timed: true,
    receivedAt,
    host: 'node1',
    user: { directory: 'LAB', id },
    origin: null,
    context: null,
    appId: kind.startsWith('connection') ? `app-of-${id}` : null,
    virtualProxy: null,
    sessionKey: null,
    rowNumber: null,
    result: null,
    userAgent: null,
    message: null,
    reason: null,
    eventId: null,
  };
}

/** Visits a second apart, each committed with the state behind it: 2 events, 1 session. */
export function applyVisits(site: StoredSite, count: number, from: number): void {
  for (let n = 0; n < count; n += 1) {
    const at = from + n * 1_000;
    site.apply(eventAt('session_start', at, `u${n}`));
    site.apply(eventAt('session_stop', at + 3, `u${n}`));
    site.commit(at + 1_000, true);
  }
}
