import { type ClassOf, createClassOf, type UserClass } from '../contract/user-class.ts';
import { Doubt } from './doubt/doubt.ts';
import type { Identities } from './identities.ts';
import type { QualityLook } from './quality/quality-look.ts';
import type { Connection, Key, KnownUser, Session } from './session.ts';
import { Gauges } from './tally/gauges.ts';
import type { Levels } from './tally/levels.ts';
import { SiteGauges } from './tally/site-gauges.ts';

/** Virtual proxies and apps that get points, each. */
const MOST_PARTS = 5_000;

/** What is open of one class of users. */
export class ClassCounts {
  sessions = 0;
  users = 0;
  connections = 0;
  connectedUsers = 0;
}

/**
 * How many sessions, users and connections are open: over all, by host, virtual proxy and app. Those of hidden users
 * are in none of them; how many these are is in `hidden`.
 */
export class Counts {
  sessions = 0;
  /** Distinct over all hosts; sessions without a user have none. */
  users = 0;
  connections = 0;
  /** Users with at least one open connection. */
  connectedUsers = 0;
  readonly virtualProxies: Gauges<KnownUser>;
  readonly apps: Gauges<KnownUser>;
  readonly doubt = new Doubt();
  readonly hidden = { sessions: 0, connections: 0 };
  readonly byClass: Readonly<Record<UserClass, ClassCounts>> = {
    person: new ClassCounts(),
    anonymous: new ClassCounts(),
    service: new ClassCounts(),
  };
  readonly #classOf: ClassOf;
  /** Of the sites that edges forward; null where nobody asks for them. */
  readonly sites: SiteGauges | null;

  constructor(classOf: ClassOf = createClassOf([]), mostParts = MOST_PARTS, countsSites = false) {
    this.#classOf = classOf;
    this.virtualProxies = new Gauges('virtualProxy', mostParts);
    this.apps = new Gauges('app', mostParts);
    this.sites = countsSites ? new SiteGauges() : null;
  }

  opened(session: Session): void {
    const { key } = session;
    const { host, user } = key;
    if (key.isHidden) {
      this.hidden.sessions += 1;
      return;
    }
    const ofClass = this.byClass[this.#classOf(user)];
    ofClass.sessions += 1;
    this.doubt.opened(session);
    this.sessions += 1;
    host.openSessions += 1;
    this.sites?.opened(host, user);
    key.counted += 1;
    if (key.counted === 1 && user !== null) {
      host.openUsers += 1;
      user.openKeys += 1;
      if (user.openKeys === 1) {
        this.users += 1;
        ofClass.users += 1;
      }
    }
    this.#enterVirtualProxy(session);
  }

  ended(session: Session): void {
    const { key } = session;
    const { host, user } = key;
    if (key.isHidden) {
      this.hidden.sessions -= 1;
      return;
    }
    const ofClass = this.byClass[this.#classOf(user)];
    ofClass.sessions -= 1;
    this.doubt.ended(session);
    this.sessions -= 1;
    host.openSessions -= 1;
    this.sites?.ended(host, user);
    key.counted -= 1;
    if (key.counted === 0 && user !== null) {
      host.openUsers -= 1;
      user.openKeys -= 1;
      if (user.openKeys === 0) {
        this.users -= 1;
        ofClass.users -= 1;
      }
    }
    if (session.gauge !== null) this.virtualProxies.leave(session.gauge, user);
    session.gauge = null;
  }

  /** A session's virtual proxy became known after it had opened. */
  virtualProxyLearnt(session: Session): void {
    if (session.key.isHidden) return;
    this.#enterVirtualProxy(session);
    session.gauge?.connect(session.openConnections.length);
  }

  #enterVirtualProxy(session: Session): void {
    const { virtualProxy, key } = session;
    if (virtualProxy !== null) session.gauge = this.virtualProxies.enter(virtualProxy, key.user);
  }

  connectionOpened(connection: Connection): void {
    const { key, gauge } = connection.session;
    if (key.isHidden) {
      this.hidden.connections += 1;
      return;
    }
    this.#move(key, 1);
    gauge?.connect(1);
    if (connection.appId !== null) connection.gauge = this.apps.enter(connection.appId, key.user);
  }

  connectionClosed(connection: Connection): void {
    const { key, gauge } = connection.session;
    if (key.isHidden) {
      this.hidden.connections -= 1;
      return;
    }
    this.#move(key, -1);
    gauge?.connect(-1);
    if (connection.gauge !== null) this.apps.leave(connection.gauge, key.user);
    connection.gauge = null;
  }

  /** Takes what is open of a user out of the counts, or puts it back. `keys`: all of that user. */
  setHidden(user: KnownUser, keys: readonly Key[], isHidden: boolean): void {
    const sessions = keys.flatMap((key) => [...(key.open?.sessions() ?? [])]);
    for (const session of sessions) this.#leave(session);
    user.isHidden = isHidden;
    for (const session of sessions) this.enter(session);
  }

  /** A session with all that is open of it. */
  enter(session: Session): void {
    this.opened(session);
    for (const connection of session.openConnections) this.connectionOpened(connection);
  }

  #leave(session: Session): void {
    for (const connection of session.openConnections) this.connectionClosed(connection);
    this.ended(session);
  }

  /** All that is open, of each part. A part on which nothing is open is noted once. `look`: what the truth lies between at this moment. */
  noteIn(levels: Levels, { hosts }: Identities, look: QualityLook): void {
    const { connectedUsers } = this;
    const ofAll = { connectedUsers, bounds: look.all.bounds };
    levels.note('all', this.sessions, this.users, this.connections, ofAll);
    for (const host of hosts.values()) {
      const { dimension, openSessions, openUsers, openConnections, losses } = host;
      if (openSessions > 0) {
        levels.note(dimension, openSessions, openUsers, openConnections, { bounds: look.of(host).bounds });
      } else if (losses.length > 0 || levels.isOfInterest(dimension)) {
        levels.noteEmpty(dimension, look.of(host).bounds);
      }
    }
    for (const gauge of this.virtualProxies.shown) {
      levels.note(gauge.dimension, gauge.sessions, gauge.users.size, gauge.connections);
    }
    for (const gauge of this.apps.shown) {
      const connectedUsers = gauge.users.size;
      levels.note(gauge.dimension, gauge.connections, connectedUsers, gauge.connections, { connectedUsers });
    }
  }

  #move(key: Key, by: 1 | -1): void {
    this.connections += by;
    key.host.openConnections += by;
    this.sites?.connections(key.host, by);
    const ofClass = this.byClass[this.#classOf(key.user)];
    ofClass.connections += by;
    if (key.user === null) return;
    key.user.openConnections += by;
    if (key.user.openConnections !== (by === 1 ? 1 : 0)) return;
    this.connectedUsers += by;
    ofClass.connectedUsers += by;
  }
}
