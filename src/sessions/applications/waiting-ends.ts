import type { User, UserEvent } from '../../contract/event.ts';
import type { OrphanStop } from '../orphans.ts';
import type { Key } from '../session.ts';

/** How long an end waits for what it ends: clients post each 10 s. */
export const END_WAITS_MS = 60_000;

/** Whom an end names, where what it says may be the name of a user. */
export function endedUser({ user, sessionKey }: UserEvent): User | null {
  return sessionKey === null || user?.id === sessionKey ? user : null;
}

/** The end that came before what it ends: the latest one that is not earlier than the event. */
export function endFor(
  keys: readonly Key[],
  event: UserEvent,
  graceMs: number,
): { end: OrphanStop; of: Key } | null {
  const waiting = keys.flatMap((of) => (of.orphanStops ?? []).map((end) => ({ end, of })));
  const fitting = waiting.filter(
    ({ end }) =>
      (event.sessionKey === null || end.sessionKey === event.sessionKey) &&
      event.at <= end.at + graceMs &&
      event.receivedAt - end.receivedAt <= END_WAITS_MS,
  );
  return fitting.toSorted((a, b) => a.end.seq - b.end.seq).at(-1) ?? null;
}
