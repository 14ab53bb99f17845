import { forgetStopped, rememberStopped } from './key-memory.ts';
import type { Session } from './session.ts';

/** Longer than a late line is waited for, since arrival times may step back a little. */
const REMEMBERED_MS = 120_000;

/** Sessions that a Stop ended lately. Each key knows its own; forgotten in time, so that they cost no memory for a day. */
export class StoppedSessions {
  /** In order of their ends. */
  readonly #sessions = new Set<Session>();

  add(session: Session): void {
    this.#sessions.add(session);
    rememberStopped(session);
  }

  delete(session: Session): void {
    this.#sessions.delete(session);
    forgetStopped(session);
  }

  /** To be called each second. */
  forget(now: number): void {
    for (const session of this.#sessions) {
      if (now - (session.endedSeenAt ?? 0) <= REMEMBERED_MS) return;
      this.delete(session);
    }
  }
}
