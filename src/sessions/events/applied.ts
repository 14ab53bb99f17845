import type { UserEvent } from '../../contract/event.ts';
import { endedUser } from '../applications/waiting-ends.ts';
import type { Identities } from '../identities.ts';
import { type Correction, correctionEvent, type PendingChanges } from '../pending-changes.ts';
import type { Host, KnownUser, Session } from '../session.ts';
import type { Tracked, TrackingOutcome } from '../session-tracker.ts';

/** What came of one event. */
export interface Applied {
  readonly host: Host;
  readonly user: KnownUser | null;
  /** The session it belongs to, null where it belongs to none. */
  readonly session: Session | null;
  readonly outcome: TrackingOutcome;
  /** The event of that session before this one; 0 for none. */
  readonly previousSeq: number;
}

/** An event of our own. */
export interface AppliedCorrection {
  readonly event: UserEvent;
  readonly applied: Applied;
}

/** What came of the event with the number `seq`, which is now the latest of its session. */
export function chained(
  applied: Omit<Applied, 'previousSeq'>,
  seq: number,
  pending: PendingChanges,
): Applied {
  const { session } = applied;
  if (session === null) return { ...applied, previousSeq: 0 };
  const previousSeq = append(session, seq);
  pending.touched(session);
  return { ...applied, previousSeq };
}

/** Corrections as events that are numbered from `seq` on. */
export function asEvents(corrections: readonly Correction[], seq: number, now: number): AppliedCorrection[] {
  return corrections.map((correction, place) => {
    const { session } = correction;
    const { host, user } = session.key;
    const previousSeq = append(session, seq + place);
    const applied: Applied = { host, user, session, outcome: 'applied', previousSeq };
    return { event: correctionEvent(correction, now), applied };
  });
}

/** The next event of a session; returns the one before. */
function append(session: Session, seq: number): number {
  const previousSeq = session.lastSeq;
  session.lastSeq = seq;
  if (session.firstSeq === 0) session.firstSeq = seq;
  return previousSeq;
}

/** Whom an event of an application is about: who ends a session may have given its key in place of its user. */
export function userOf(event: UserEvent, { session }: Tracked, identities: Identities): KnownUser | null {
  const isEnd = event.kind === 'session_stop';
  if (isEnd && session !== null) return session.key.user;
  const user = isEnd ? endedUser(event) : event.user;
  return user === null ? (session?.key.user ?? null) : identities.user(user);
}
