import type { Connection, Session } from '../session.ts';
import { OrderedSet } from './ordered-set.ts';
import { byOpening, byStart, type Opening, type Start } from './orders.ts';

/** Connections by their app. */
export type ByApp = Map<string | null, OrderedSet<Connection, Opening>>;

/** Sessions of a crowded key: those of one virtual proxy, those of none, or all. Has an order for each question. */
export class Lane {
  readonly all = new OrderedSet<Session>(byStart);
  readonly idle = new OrderedSet<Session>(byStart);
  readonly keyless = new OrderedSet<Session>(byStart);
  readonly awaitingStart = new OrderedSet<Session>((a, b) => a.id - b.id);
  /** The same of those whose start is timed, in another order. */
  readonly awaitingTimedStart = new OrderedSet<Session, Start>(byStart);
  #connections: ByApp | null = null;

  add(session: Session): void {
    this.all.add(session);
    if (session.sessionKey === null) this.keyless.add(session);
    if (session.synthesisedAt !== null) this.awaitingStart.add(session);
    if (awaitsTimedStart(session)) this.awaitingTimedStart.add(session);
    if (session.openConnections.length === 0) this.idle.add(session);
    for (const connection of session.openConnections) this.#insert(connection);
  }

  remove(session: Session): void {
    this.all.delete(session);
    this.keyless.delete(session);
    this.settle(session);
    this.idle.delete(session);
    for (const connection of session.openConnections) this.#remove(connection);
  }

  /** Its start is about to be another one. */
  beforeStart(session: Session): void {
    for (const each of [this.all, this.keyless, this.idle, this.awaitingTimedStart]) each.delete(session);
  }

  afterStart(session: Session): void {
    this.all.add(session);
    if (awaitsTimedStart(session)) this.awaitingTimedStart.add(session);
    if (session.sessionKey === null) this.keyless.add(session);
    if (session.openConnections.length === 0) this.idle.add(session);
  }

  settle(session: Session): void {
    this.awaitingStart.delete(session);
    this.awaitingTimedStart.delete(session);
  }

  /** One of its sessions has a connection more. */
  attached(connection: Connection): void {
    if (connection.session.openConnections.length === 1) this.idle.delete(connection.session);
    this.#insert(connection);
  }

  /** One of its sessions has a connection less. */
  detached(connection: Connection): void {
    this.#remove(connection);
    if (connection.session.openConnections.length === 0) this.idle.add(connection.session);
  }

  #insert(connection: Connection): void {
    this.#connections ??= new Map();
    insert(this.#connections, connection);
  }

  #remove(connection: Connection): void {
    if (this.#connections !== null) remove(this.#connections, connection);
  }

  /** The first by id that was synthesised no earlier than `since`. What waits for longer is no longer looked for. */
  firstAwaitingStart(since: number): Session | null {
    let first = this.awaitingStart.min();
    while (first !== null && (first.synthesisedAt ?? 0) < since) {
      this.awaitingStart.delete(first);
      first = this.awaitingStart.min();
    }
    return first;
  }

  awaitingLateStart(since: number, from: number, to: number): Session | null {
    const first = () => this.awaitingTimedStart.firstFrom({ startedAt: from, id: 0 });
    let found = first();
    while (found !== null && (found.synthesisedAt ?? 0) < since) {
      this.awaitingTimedStart.delete(found);
      found = first();
    }
    return found !== null && found.startedAt <= to ? found : null;
  }

  newestConnection(appId: string | null, bound: Opening): Connection | null {
    return this.#connections?.get(appId)?.lastUpTo(bound) ?? null;
  }
}

function awaitsTimedStart({ synthesisedAt, startTimed }: Session): boolean {
  return synthesisedAt !== null && startTimed;
}

export function insert(byApp: ByApp, connection: Connection): void {
  let ofApp = byApp.get(connection.appId);
  if (ofApp === undefined) {
    ofApp = new OrderedSet<Connection, Opening>(byOpening);
    byApp.set(connection.appId, ofApp);
  }
  ofApp.add(connection);
}

export function remove(byApp: ByApp, connection: Connection): void {
  const ofApp = byApp.get(connection.appId);
  ofApp?.delete(connection);
  if (ofApp?.size === 0) byApp.delete(connection.appId);
}
