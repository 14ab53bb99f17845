import { type ClassOf, createClassOf, type UserClass } from '../contract/user-class.ts';
import { Doubt } from './doubt/doubt.ts';
import type { Identities } from './identities.ts';
import type { QualityLook } from './quality/quality-look.ts';
import type { Connection, Key, KnownUser, Session } from './session.ts';
import { Gauge, makeRoom } from './tally/gauge.ts';
import type { Levels } from './tally/levels.ts';
import { SiteGauges } from './tally/site-gauges.ts';

/** Apps that are told apart: whatever is said of each of them costs as much as there are. */
const MOST_APPS = 20_000;

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
  readonly virtualProxies = new Map<string, Gauge<KnownUser>>();
  readonly apps = new Map<string, Gauge<KnownUser>>();
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

  constructor(classOf: ClassOf = createClassOf([]), countsSites = false) {
    this.#classOf = classOf;
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
    if (session.virtualProxy !== null) this.#enterVirtualProxy(session, session.virtualProxy);
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
    const gauge = session.virtualProxy === null ? undefined : this.virtualProxies.get(session.virtualProxy);
    if (gauge === undefined || session.virtualProxy === null) return;
    gauge.sessions -= 1;
    gauge.remove(user);
    if (gauge.sessions === 0) this.virtualProxies.delete(session.virtualProxy);
  }

  /** A session's virtual proxy became known after it had opened. */
  virtualProxyLearnt(session: Session): void {
    if (session.virtualProxy === null || session.key.isHidden) return;
    const gauge = this.#enterVirtualProxy(session, session.virtualProxy);
    gauge.connections += session.openConnections.length;
  }

  #enterVirtualProxy(session: Session, name: string): Gauge<KnownUser> {
    const gauge = gaugeOf('virtualProxy', this.virtualProxies, name);
    gauge.sessions += 1;
    gauge.add(session.key.user);
    return gauge;
  }

  connectionOpened(connection: Connection): void {
    const { key, virtualProxy } = connection.session;
    if (key.isHidden) {
      this.hidden.connections += 1;
      return;
    }
    this.#move(key, 1);
    if (virtualProxy !== null) gaugeOf('virtualProxy', this.virtualProxies, virtualProxy).connections += 1;
    if (connection.appId === null) return;
    if (this.apps.size >= MOST_APPS && !this.apps.has(connection.appId)) makeRoom(this.apps);
    const gauge = gaugeOf('app', this.apps, connection.appId);
    connection.gauge = gauge;
    gauge.connections += 1;
    gauge.add(key.user);
  }

  connectionClosed(connection: Connection): void {
    const { key, virtualProxy } = connection.session;
    if (key.isHidden) {
      this.hidden.connections -= 1;
      return;
    }
    this.#move(key, -1);
    if (virtualProxy !== null) gaugeOf('virtualProxy', this.virtualProxies, virtualProxy).connections -= 1;
    // Not the one of that name, if there was no room for this one: then another connection of the app has come since.
    const { gauge, appId } = connection;
    if (gauge === null || appId === null) return;
    connection.gauge = null;
    gauge.connections -= 1;
    gauge.remove(key.user);
    if (gauge.connections === 0 && this.apps.get(appId) === gauge) this.apps.delete(appId);
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

  /**
   * All that is open, of each part; of virtual proxies and apps no more than `mostParts` each. A part on which nothing is open
   * is noted once. `look`: what the truth lies between at this moment.
   */
  noteIn(levels: Levels, { hosts }: Identities, mostParts: number, look: QualityLook): void {
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
    for (const gauge of this.virtualProxies.values()) {
      if (levels.size >= 2 * mostParts) break;
      levels.note(gauge.dimension, gauge.sessions, gauge.users.size, gauge.connections);
    }
    for (const gauge of this.apps.values()) {
      if (levels.size >= 2 * mostParts) break;
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

function gaugeOf(
  kind: 'virtualProxy' | 'app',
  gauges: Map<string, Gauge<KnownUser>>,
  name: string,
): Gauge<KnownUser> {
  let gauge = gauges.get(name);
  if (gauge === undefined) {
    gauge = new Gauge(kind, name);
    gauges.set(name, gauge);
  }
  return gauge;
}
