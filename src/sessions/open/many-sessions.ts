import type { Connection, OpenSessions, Session } from '../session.ts';
import { type ByApp, insert, Lane, remove } from './lane.ts';
import { byOpening, byStart, type Opening } from './orders.ts';

/** With more virtual proxies than that, questions about all of them have a lane of their own. */
const FEW_LANES = 8;

/**
 * The open sessions of a crowded key (a log-in loop, a service account): each question costs O(log n), however many virtual
 * proxies its sessions have.
 */
export class ManySessions implements OpenSessions {
  readonly crowded = false;
  /** By virtual proxy. */
  readonly #lanes = new Map<string | null, Lane>();
  /** All sessions once more; null where there never were many lanes. */
  #whole: Lane | null = null;
  readonly #connectionsOf = new Map<Session, ByApp>();
  readonly #bySessionKey = new Map<string, Session>();
  #size = 0;

  constructor(sessions: Iterable<Session>) {
    for (const session of sessions) this.add(session);
  }

  get size(): number {
    return this.#size;
  }

  #lanesOf({ virtualProxy }: Session): readonly Lane[] {
    let lane = this.#lanes.get(virtualProxy);
    if (lane === undefined) {
      lane = new Lane();
      this.#lanes.set(virtualProxy, lane);
    }
    if (this.#whole === null && this.#lanes.size > FEW_LANES) {
      this.#whole = new Lane();
      for (const session of this.sessions()) this.#whole.add(session);
    }
    return this.#whole === null ? [lane] : [lane, this.#whole];
  }

  add(session: Session): void {
    for (const lane of this.#lanesOf(session)) lane.add(session);
    this.#size += 1;
    if (session.sessionKey !== null) this.#bySessionKey.set(session.sessionKey, session);
    for (const connection of session.openConnections) this.#index(connection);
  }

  remove(session: Session): void {
    for (const lane of this.#lanesOf(session)) lane.remove(session);
    this.#size -= 1;
    if (session.sessionKey !== null) this.#bySessionKey.delete(session.sessionKey);
    this.#connectionsOf.delete(session);
    if (this.#lanes.get(session.virtualProxy)?.all.size === 0) this.#lanes.delete(session.virtualProxy);
  }

  attach(connection: Connection): void {
    const { session } = connection;
    session.attach(connection);
    for (const lane of this.#lanesOf(session)) lane.attached(connection);
    this.#index(connection);
  }

  #index(connection: Connection): void {
    const { session } = connection;
    let own = this.#connectionsOf.get(session);
    if (own === undefined) {
      own = new Map();
      this.#connectionsOf.set(session, own);
    }
    insert(own, connection);
  }

  detach(connection: Connection): void {
    const { session } = connection;
    const own = this.#connectionsOf.get(session);
    if (own !== undefined) remove(own, connection);
    session.detach(connection);
    for (const lane of this.#lanesOf(session)) lane.detached(connection);
  }

  setStart(session: Session, startedAt: number): void {
    const lanes = this.#lanesOf(session);
    for (const lane of lanes) lane.beforeStart(session);
    session.startedAt = startedAt;
    for (const lane of lanes) lane.afterStart(session);
  }

  setVirtualProxy(session: Session, virtualProxy: string): void {
    this.remove(session);
    session.virtualProxy = virtualProxy;
    this.add(session);
  }

  setSessionKey(session: Session, sessionKey: string): void {
    for (const lane of this.#lanesOf(session)) lane.keyless.delete(session);
    session.sessionKey = sessionKey;
    this.#bySessionKey.set(sessionKey, session);
  }

  settle(session: Session): void {
    for (const lane of this.#lanesOf(session)) lane.settle(session);
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
      (lane) => lane.firstAwaitingStart(since),
      (a, b) => a.id - b.id,
    );
  }

  awaitingLateStart(virtualProxy: string | null, since: number, from: number, to: number): Session | null {
    return this.#first(virtualProxy, (lane) => lane.awaitingLateStart(since, from, to), byStart);
  }

  newestConnection(virtualProxy: string | null, appId: string | null, until: number): Connection | null {
    const bound: Opening = { openedAt: until, id: Number.POSITIVE_INFINITY };
    return this.#first(
      virtualProxy,
      (lane) => lane.newestConnection(appId, bound),
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

  /** There are few of them. */
  #candidateLanes(virtualProxy: string | null): Iterable<Lane> {
    if (virtualProxy === null) return this.#whole === null ? this.#lanes.values() : [this.#whole];
    return [virtualProxy, null].flatMap((name) => this.#lanes.get(name) ?? []);
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
