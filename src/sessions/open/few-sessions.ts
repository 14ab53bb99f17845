import { agrees } from '../../contract/virtual-proxy.ts';
import type { Connection, OpenSessions, Session } from '../session.ts';
import { byOpening, byStart } from './orders.ts';

/** Sessions plus connections above which a key counts as crowded. */
const FEW = 24;

/** The open sessions of the usual key, which has one or two: looks at each of them. */
export class FewSessions implements OpenSessions {
  readonly #sessions: Session[];

  constructor(first: Session) {
    this.#sessions = [first];
  }

  get size(): number {
    return this.#sessions.length;
  }

  get crowded(): boolean {
    let load = this.#sessions.length;
    for (const session of this.#sessions) load += session.openConnections.length;
    return load > FEW;
  }

  add(session: Session): void {
    this.#sessions.push(session);
  }

  remove(session: Session): void {
    const at = this.#sessions.indexOf(session);
    if (at >= 0) this.#sessions.splice(at, 1);
  }

  attach(connection: Connection): void {
    connection.session.attach(connection);
  }

  detach(connection: Connection): void {
    connection.session.detach(connection);
  }

  setStart(session: Session, startedAt: number): void {
    session.startedAt = startedAt;
  }

  setVirtualProxy(session: Session, virtualProxy: string): void {
    session.virtualProxy = virtualProxy;
  }

  setSessionKey(session: Session, sessionKey: string): void {
    session.sessionKey = sessionKey;
  }

  settle(session: Session): void {
    session.synthesisedAt = null;
  }

  withSessionKey(sessionKey: string): Session | null {
    for (const session of this.#sessions) if (session.sessionKey === sessionKey) return session;
    return null;
  }

  oldest(virtualProxy: string | null): Session | null {
    let found: Session | null = null;
    for (const session of this.#sessions) {
      if (!agrees(session.virtualProxy, virtualProxy)) continue;
      if (found === null || byStart(session, found) < 0) found = session;
    }
    return found;
  }

  newest(virtualProxy: string | null): Session | null {
    let found: Session | null = null;
    for (const session of this.#sessions) {
      if (!agrees(session.virtualProxy, virtualProxy)) continue;
      if (found === null || byStart(session, found) > 0) found = session;
    }
    return found;
  }

  oldestIdle(virtualProxy: string | null): Session | null {
    let found: Session | null = null;
    for (const session of this.#sessions) {
      if (session.openConnections.length > 0 || !agrees(session.virtualProxy, virtualProxy)) continue;
      if (found === null || byStart(session, found) < 0) found = session;
    }
    return found;
  }

  oldestKeyless(virtualProxy: string | null): Session | null {
    let found: Session | null = null;
    for (const session of this.#sessions) {
      if (session.sessionKey !== null || !agrees(session.virtualProxy, virtualProxy)) continue;
      if (found === null || byStart(session, found) < 0) found = session;
    }
    return found;
  }

  firstAwaitingStart(virtualProxy: string | null, since: number): Session | null {
    let found: Session | null = null;
    for (const session of this.#sessions) {
      const synthesisedAt = session.synthesisedAt;
      if (synthesisedAt === null || synthesisedAt < since) continue;
      if (!agrees(session.virtualProxy, virtualProxy)) continue;
      if (found === null || session.id < found.id) found = session;
    }
    return found;
  }

  awaitingLateStart(virtualProxy: string | null, since: number, from: number, to: number): Session | null {
    let found: Session | null = null;
    for (const session of this.#sessions) {
      const { synthesisedAt, startedAt, startTimed } = session;
      if (synthesisedAt === null || synthesisedAt < since || !startTimed) continue;
      if (startedAt < from || startedAt > to || !agrees(session.virtualProxy, virtualProxy)) continue;
      if (found === null || byStart(session, found) < 0) found = session;
    }
    return found;
  }

  newestConnection(virtualProxy: string | null, appId: string | null, until: number): Connection | null {
    let found: Connection | null = null;
    for (const session of this.#sessions) {
      if (!agrees(session.virtualProxy, virtualProxy)) continue;
      const newest = this.newestConnectionOf(session, appId, until);
      if (newest !== null && (found === null || byOpening(newest, found) > 0)) found = newest;
    }
    return found;
  }

  newestConnectionOf(session: Session, appId: string | null, until: number): Connection | null {
    let found: Connection | null = null;
    for (const connection of session.openConnections) {
      if (connection.appId !== appId || connection.openedAt > until) continue;
      if (found === null || byOpening(connection, found) > 0) found = connection;
    }
    return found;
  }

  only(virtualProxy: string | null): Session | null {
    let found: Session | null = null;
    for (const session of this.#sessions) {
      if (!agrees(session.virtualProxy, virtualProxy)) continue;
      if (found !== null) return null;
      found = session;
    }
    return found;
  }

  sessions(): Iterable<Session> {
    return this.#sessions;
  }
}
