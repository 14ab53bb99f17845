import type { Kind, UserEvent } from '../contract/event.ts';
import type { Connection, Session } from './session.ts';

/** What the journal has to write down since it last asked. */
export interface SessionChanges {
  readonly sessions: Session[];
  readonly connections: Connection[];
  /** Orphan Stops that a late Start paired with: they belong to that session now. */
  readonly paired: { readonly seq: number; readonly session: Session }[];
  /** Sessions whose user came to be known after they began. */
  readonly userLearnt: Session[];
}

/** A session that no line opened or ended, as it now stands: that is an event of our own. */
export interface Correction {
  readonly kind: Kind;
  readonly session: Session;
}

/** As the journal keeps it. What it says of the times is ours, not a sender's. */
export function correctionEvent({ kind, session }: Correction, now: number): UserEvent {
  const { key, endedAt, endReason } = session;
  return {
    kind,
    at: kind === 'session_start' ? session.startedAt : (endedAt ?? now),
    originalAt: null,
    timed: false,
    receivedAt: now,
    host: key.host.name,
    user: key.user,
    origin: null,
    context: null,
    appId: null,
    virtualProxy: session.virtualProxy,
    sessionKey: session.sessionKey,
    rowNumber: null,
    result: null,
    userAgent: session.userAgent,
    message: null,
    reason: endReason === 'restart' ? endReason : 'snapshot',
    eventId: null,
  };
}

function noChanges(): SessionChanges {
  return { sessions: [], connections: [], paired: [], userLearnt: [] };
}

/** Collects what changed until the journal takes it. */
export class PendingChanges {
  #changes: SessionChanges = noChanges();
  #activities = 0;
  #corrections: Correction[] = [];

  /** Whoever takes them writes them, and resets each `change` and `changed`. */
  take(): SessionChanges {
    const changes = this.#changes;
    this.#changes = noChanges();
    this.#activities = 0;
    return changes;
  }

  /** Sessions of which there is only to be written that they were active. */
  get activities(): number {
    return this.#activities;
  }

  corrected(kind: 'session_start' | 'session_stop', session: Session): void {
    this.#corrections.push({ kind, session });
  }

  takeCorrections(): readonly Correction[] {
    const corrections = this.#corrections;
    if (corrections.length > 0) this.#corrections = [];
    return corrections;
  }

  changed(session: Session): void {
    if (session.change === 'none') this.#changes.sessions.push(session);
    session.change = 'all';
  }

  /** Only its last event, activity and connections changed: that costs the journal less. */
  touched(session: Session): void {
    if (session.change !== 'none') return;
    session.change = 'activity';
    this.#activities += 1;
    this.#changes.sessions.push(session);
  }

  connectionChanged(connection: Connection): void {
    if (connection.changed) return;
    connection.changed = true;
    this.#changes.connections.push(connection);
  }

  /** A session without a user has one now. */
  userLearnt(session: Session): void {
    this.changed(session);
    this.#changes.userLearnt.push(session);
  }

  /** An orphan Stop turned out to belong to a session. */
  paired(seq: number, session: Session): void {
    this.#changes.paired.push({ seq, session });
  }
}
