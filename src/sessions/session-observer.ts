import type { Connection, Session } from './session.ts';

/** Learns of every change that moves a count, right after it happened. */
export interface SessionObserver {
  sessionOpened(session: Session): void;
  sessionEnded(session: Session): void;
  sessionReopened(session: Session, endedAt: number): void;
  /** A session that had ended at `before` turned out to have ended at `session.endedAt`. */
  endCorrected(session: Session, before: number): void;
  connectionOpened(connection: Connection): void;
  connectionClosed(connection: Connection): void;
  virtualProxyLearnt(session: Session): void;
  /** An open session gets a user, and with that another key, by `move`. */
  userLearnt(session: Session, move: () => void): void;
}
