import type { Connection, OpenSessions, Session } from '../session.ts';
import { byOpening, byStart, type Opening } from './in-order.ts';
import { OrderedSet } from './ordered-set.ts';

/** The sessions of a crowded key that have one virtual proxy, or none: an order for each question. */
class Lane {
  readonly all = new OrderedSet<Session>(byStart);
  readonly idle = new OrderedSet<Session>(byStart);
  readonly keyless = new OrderedSet<Session>(byStart);
  readonly awaitingStart = new OrderedSet<Session>((a, b) => a.id - b.id);
  /** The same of those whose start is timed, in another order. */
  readonly awaitingTimedStart = new OrderedSet<Session, Start>(byStart);
  readonly connections: ByApp = new Map();
}

type Start = Pick<Session, 'startedAt' | 'id'>;
type ByApp = Map<string | null, OrderedSet<Connection, Opening>>;

/**
 * The open sessions of a crowded key (a log-in loop, a service account): each question costs O(log n) for
 * each virtual proxy that the sessions of the key have.
 */
export class ManySessions implements OpenSessions {
  readonly crowded = false;
  readonly #lanes = new Map<string | null, Lane>();
  readonly #connectionsOf = new Map<Session, ByApp>();
  readonly #bySessionKey = new Map<string, Session>();
  #size = 0;

  constructor(sessions: Iterable<Session>) {
    for (const session of sessions) this.add(session);
  }

  get size(): number {
    return this.#size;
  }

  #lane(virtualProxy: string | null): Lane {
    let lane = this.#lanes.get(virtualProxy);
    if (lane === undefined) {
      lane = new Lane();
      this.#lanes.set(virtualProxy, lane);
    }
    return lane;
  }

  add(session: Session): void {
    const lane = this.#lane(session.virtualProxy);
    this.#size += 1;
    lane.all.add(session);
    if (session.sessionKey === null) lane.keyless.add(session);
    else this.#bySessionKey.set(session.sessionKey, session);
    if (session.synthesisedAt !== null) lane.awaitingStart.add(session);
    if (awaitsTimedStart(session)) lane.awaitingTimedStart.add(session);
    if (session.openConnections.length === 0) lane.idle.add(session);
    for (const connection of session.openConnections) this.#index(lane, connection);
  }

  remove(session: Session): void {
    const lane = this.#lane(session.virtualProxy);
    this.#size -= 1;
    lane.all.delete(session);
    lane.keyless.delete(session);
    if (session.sessionKey !== null) this.#bySessionKey.delete(session.sessionKey);
    lane.awaitingStart.delete(session);
    lane.awaitingTimedStart.delete(session);
    lane.idle.delete(session);
    for (const connection of session.openConnections) remove(lane.connections, connection);
    this.#connectionsOf.delete(session);
    if (lane.all.size === 0) this.#lanes.delete(session.virtualProxy);
  }

  attach(connection: Connection): void {
    const session = connection.session;
    const lane = this.#lane(session.virtualProxy);
    if (session.openConnections.length === 0) lane.idle.delete(session);
    session.attach(connection);
    this.#index(lane, connection);
  }

  detach(connection: Connection): void {
    const session = connection.session;
    const lane = this.#lane(session.virtualProxy);
    const own = this.#connectionsOf.get(session);
    if (own !== undefined) remove(own, connection);
    remove(lane.connections, connection);
    session.detach(connection);
    if (session.openConnections.length === 0) lane.idle.add(session);
  }

  setStart(session: Session, startedAt: number): void {
    const lane = this.#lane(session.virtualProxy);
    lane.all.delete(session);
    lane.keyless.delete(session);
    lane.idle.delete(session);
    lane.awaitingTimedStart.delete(session);
    session.startedAt = startedAt;
    lane.all.add(session);
    if (awaitsTimedStart(session)) lane.awaitingTimedStart.add(session);
    if (session.sessionKey === null) lane.keyless.add(session);
    if (session.openConnections.length === 0) lane.idle.add(session);
  }

  setVirtualProxy(session: Session, virtualProxy: string): void {
    this.remove(session);
    session.virtualProxy = virtualProxy;
    this.add(session);
  }

  setSessionKey(session: Session, sessionKey: string): void {
    this.#lane(session.virtualProxy).keyless.delete(session);
    session.sessionKey = sessionKey;
    this.#bySessionKey.set(sessionKey, session);
  }

  settle(session: Session): void {
    const lane = this.#lane(session.virtualProxy);
    lane.awaitingStart.delete(session);
    lane.awaitingTimedStart.delete(session);
    session.synthesisedAt = null;
  }

  withSessionKey(sessionKey: string): Session | null {
    return this.#bySessionKey.get(sessionKey) ?? null;
  }

  oldest(virtualProxy: string | null): Session | null {
    return this.#first(virtualProxy, (lane) => lane.all.min(), byStart);
  }

  newest(virtualProxy: string | null): Session | null {
    return this.#first(
      virtualProxy,
      (lane) => lane.all.max(),
      (a, b) => byStart(b, a),
    );
  }

  oldestIdle(virtualProxy: string | null): Session | null {
    return this.#first(virtualProxy, (lane) => lane.idle.min(), byStart);
  }

  oldestKeyless(virtualProxy: string | null): Session | null {
    return this.#first(virtualProxy, (lane) => lane.keyless.min(), byStart);
  }

  firstAwaitingStart(virtualProxy: string | null, since: number): Session | null {
    return this.#first(
      virtualProxy,
      (lane) => {
        let first = lane.awaitingStart.min();
        while (first !== null && (first.synthesisedAt ?? 0) < since) {
          lane.awaitingStart.delete(first);
          first = lane.awaitingStart.min();
        }
        return first;
      },
      (a, b) => a.id - b.id,
    );
  }

  awaitingLateStart(virtualProxy: string | null, since: number, from: number, to: number): Session | null {
    return this.#first(
      virtualProxy,
      ({ awaitingTimedStart }) => {
        const first = () => awaitingTimedStart.firstFrom({ startedAt: from, id: 0 });
        let found = first();
        while (found !== null && (found.synthesisedAt ?? 0) < since) {
          awaitingTimedStart.delete(found);
          found = first();
        }
        return found !== null && found.startedAt <= to ? found : null;
      },
      byStart,
    );
  }

  newestConnection(virtualProxy: string | null, appId: string | null, until: number): Connection | null {
    const bound: Opening = { openedAt: until, id: Number.POSITIVE_INFINITY };
    return this.#first(
      virtualProxy,
      (lane) => lane.connections.get(appId)?.lastUpTo(bound) ?? null,
      (a, b) => byOpening(b, a),
    );
  }

  newestConnectionOf(session: Session, appId: string | null, until: number): Connection | null {
    const bound: Opening = { openedAt: until, id: Number.POSITIVE_INFINITY };
    return this.#connectionsOf.get(session)?.get(appId)?.lastUpTo(bound) ?? null;
  }

  only(virtualProxy: string | null): Session | null {
    let found: Session | null = null;
    for (const lane of this.#candidateLanes(virtualProxy)) {
      if (lane.all.size > 1 || (found !== null && lane.all.size > 0)) return null;
      found = lane.all.min() ?? found;
    }
    return found;
  }

  *sessions(): Iterable<Session> {
    for (const lane of this.#lanes.values()) yield* lane.all.values();
  }

  #index(lane: Lane, connection: Connection): void {
    insert(lane.connections, connection);
    let own = this.#connectionsOf.get(connection.session);
    if (own === undefined) {
      own = new Map();
      this.#connectionsOf.set(connection.session, own);
    }
    insert(own, connection);
  }

  *#candidateLanes(virtualProxy: string | null): Iterable<Lane> {
    if (virtualProxy === null) {
      yield* this.#lanes.values();
      return;
    }
    for (const name of [virtualProxy, null]) {
      const lane = this.#lanes.get(name);
      if (lane !== undefined) yield lane;
    }
  }

  /** The first by `compare` of what `pick` finds in each lane of candidates. */
  #first<T>(
    virtualProxy: string | null,
    pick: (lane: Lane) => T | null,
    compare: (a: T, b: T) => number,
  ): T | null {
    let found: T | null = null;
    for (const lane of this.#candidateLanes(virtualProxy)) {
      const entry = pick(lane);
      if (entry !== null && (found === null || compare(entry, found) < 0)) found = entry;
    }
    return found;
  }
}

function awaitsTimedStart({ synthesisedAt, startTimed }: Session): boolean {
  return synthesisedAt !== null && startTimed;
}

function insert(byApp: ByApp, connection: Connection): void {
  let ofApp = byApp.get(connection.appId);
  if (ofApp === undefined) {
    ofApp = new OrderedSet<Connection, Opening>(byOpening);
    byApp.set(connection.appId, ofApp);
  }
  ofApp.add(connection);
}

function remove(byApp: ByApp, connection: Connection): void {
  const ofApp = byApp.get(connection.appId);
  ofApp?.delete(connection);
  if (ofApp?.size === 0) byApp.delete(connection.appId);
}
