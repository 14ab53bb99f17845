import type { KnownUser, Session } from '../session.ts';

/** By what a session is found: its own key, or, where it has none, its user. */
type Name = string | KnownUser;

/** The sessions of one application that can be told of: those that are open, and those that have ended lately. */
export class KnownSessions {
  readonly #sessions = new Map<Name, Session>();
  /** In order of their ends. */
  readonly #ended = new Set<Session>();

  get(name: Name): Session | null {
    return this.#sessions.get(name) ?? null;
  }

  /** Whether it is this one that is found by its name. */
  isKnown(session: Session): boolean {
    const name = nameOf(session);
    return name !== null && this.#sessions.get(name) === session;
  }

  /** The later one counts where two have one name. */
  add(session: Session): void {
    const name = nameOf(session);
    if (name !== null) this.#sessions.set(name, session);
  }

  ended(session: Session): void {
    this.#leave(session);
    this.#ended.add(session);
    session.key.resumable += 1;
  }

  goesOn(session: Session): void {
    this.#leave(session);
    this.add(session);
  }

  #leave(session: Session): void {
    if (this.#ended.delete(session)) session.key.resumable -= 1;
  }

  /** Forgets what ended before `since`, by our clock. */
  forget(since: number): void {
    for (const session of this.#ended) {
      if ((session.endedSeenAt ?? 0) >= since) return;
      this.#leave(session);
      const name = nameOf(session);
      if (name !== null && this.isKnown(session)) this.#sessions.delete(name);
    }
  }
}

function nameOf({ sessionKey, key }: Session): Name | null {
  return sessionKey ?? key.user;
}
