import type { UserEvent } from './event.ts';

/** Between who made up an identity and the identity: neither an address nor the name of a token has it. */
const MARK = '\u001f';

/** The identity of an event as the journal keeps it; null where there is none. */
export function storedIdentity({
  eventId,
  identifiedBy = null,
}: Pick<UserEvent, 'eventId' | 'identifiedBy'>): string | null {
  return eventId === null || identifiedBy === null ? eventId : `${identifiedBy}${MARK}${eventId}`;
}

/** Whether a sender made it up, as it is stored. */
export function isOfSender(stored: string): boolean {
  return stored.includes(MARK);
}

/** What the sender called it. */
export function givenIdentity(stored: string): string {
  return stored.slice(stored.indexOf(MARK) + 1);
}

/** What no other event has: of two senders, and of two hosts that one of them speaks for, each may count from 1. */
export function identityOn(host: string, stored: string): string {
  return isOfSender(stored) ? `${stored}${MARK}${host}` : stored;
}
