import { clockOf, type EdgeSite } from './edges/edge-site.ts';
import { forgetStopped, rememberStopped, STOP_REMEMBERED_MS } from './key-memory.ts';
import type { Session } from './session.ts';

/** Sessions that a Stop ended lately. Each key knows its own; forgotten in time, so that they cost no memory for a day. */
export class StoppedSessions {
  /** Of our own hosts (null) and of each other site, in order of their ends. */
  readonly #sessions = new Map<EdgeSite | null, Set<Session>>();

  add(session: Session): void {
    const site = session.key.host.edgeSite;
    const known = this.#sessions.get(site);
    if (known === undefined) this.#sessions.set(site, new Set([session]));
    else known.add(session);
    const forgotten = rememberStopped(session);
    if (forgotten !== null) known?.delete(forgotten);
  }

  delete(session: Session): void {
    this.#sessions.get(session.key.host.edgeSite)?.delete(session);
    forgetStopped(session);
  }

  /** To be called each second. */
  forget(now: number): void {
    for (const [site, sessions] of this.#sessions) {
      for (const session of sessions) {
        if (clockOf(site, now) - (session.endedSeenAt ?? 0) <= STOP_REMEMBERED_MS) break;
        this.delete(session);
      }
    }
  }
}
