import type { Kind, UserEvent } from '../../src/contract/event.ts';

/** An untimed line of LAB\anna on node1 that arrives at once. */
export function eventAt(kind: Kind, at: number, rest: Partial<UserEvent> = {}): UserEvent {
  return {
    kind,
    at,
    originalAt: null,
    timed: false,
    receivedAt: at,
    host: 'node1',
    user: { directory: 'LAB', id: 'anna' },
    origin: null,
    context: null,
    appId: kind.startsWith('connection') ? 'app' : null,
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
