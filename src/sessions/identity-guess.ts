import type { PendingChanges } from './pending-changes.ts';
import type { Session } from './session.ts';

/** A session is about to open: of several keyless sessions of one key, which is which is a guess from then on. */
export function guessWhichIsWhich(session: Session, pending: PendingChanges): void {
  const { open } = session.key;
  if (open === null) return;
  for (const other of open.size === 1 ? open.sessions() : []) guess(other, pending);
  guess(session, pending);
}

function guess(session: Session, pending: PendingChanges): void {
  if (session.sessionKey !== null || !session.identityExact) return;
  session.identityExact = false;
  pending.changed(session);
}
