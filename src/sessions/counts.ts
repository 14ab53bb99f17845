import { Doubt } from './doubt/doubt.ts';
import type { Identities } from './identities.ts';
import type { Dimension } from './series.ts';
import type { Connection, Host, Key, KnownUser, Session } from './session.ts';

/** What is open now under one name: a virtual proxy or an app. */
export class Gauge {
  readonly dimension: Dimension;
  readonly users = new Map<KnownUser, number>();
  sessions = 0;
  connections = 0;

  constructor(dimension: Dimension) {
    this.dimension = dimension;
  }

  add(user: KnownUser | null): void {
    if (user !== null) this.users.set(user, (this.users.get(user) ?? 0) + 1);
  }

  remove(user: KnownUser | null): void {
    if (user === null) return;
    const left = (this.users.get(user) ?? 0) - 1;
    if (left > 0) this.users.set(user, left);
    else this.users.delete(user);
  }
}

/** How many sessions, users and connections are open: over all, by host, virtual proxy and app. */
export class Counts {
  sessions = 0;
  /** Distinct over all hosts; sessions without a user have none. */
  users = 0;
  connections = 0;
  /** Users with at least one open connection. */
  connectedUsers = 0;
  readonly virtualProxies = new Map<string, Gauge>();
  readonly apps = new Map<string, Gauge>();
  readonly doubt = new Doubt();

  opened(session: Session): void {
    const { host, user } = session.key;
    this.doubt.opened(session);
    this.sessions += 1;
    host.openSessions += 1;
    if (session.key.openSessions === 1 && user !== null) {
      host.openUsers += 1;
      user.openKeys += 1;
      if (user.openKeys === 1) this.users += 1;
    }
    if (session.virtualProxy !== null) this.#enterVirtualProxy(session, session.virtualProxy);
  }

  ended(session: Session): void {
    const { host, user } = session.key;
    this.doubt.ended(session);
    this.sessions -= 1;
    host.openSessions -= 1;
    if (session.key.openSessions === 0 && user !== null) {
      host.openUsers -= 1;
      user.openKeys -= 1;
      if (user.openKeys === 0) this.users -= 1;
    }
    const gauge = session.virtualProxy === null ? undefined : this.virtualProxies.get(session.virtualProxy);
    if (gauge === undefined || session.virtualProxy === null) return;
    gauge.sessions -= 1;
    gauge.remove(user);
    if (gauge.sessions === 0) this.virtualProxies.delete(session.virtualProxy);
  }

  /** A session's virtual proxy became known after it had opened. */
  virtualProxyLearnt(session: Session): void {
    if (session.virtualProxy === null) return;
    const gauge = this.#enterVirtualProxy(session, session.virtualProxy);
    gauge.connections += session.openConnections.length;
  }

  #enterVirtualProxy(session: Session, name: string): Gauge {
    const gauge = gaugeOf('virtualProxy', this.virtualProxies, name);
    gauge.sessions += 1;
    gauge.add(session.key.user);
    return gauge;
  }

  /** Returns what is open of the connection's app, null where that is unknown. */
  connectionOpened(connection: Connection): Gauge | null {
    const { key, virtualProxy } = connection.session;
    this.#move(key, 1);
    if (virtualProxy !== null) gaugeOf('virtualProxy', this.virtualProxies, virtualProxy).connections += 1;
    if (connection.appId === null) return null;
    const gauge = gaugeOf('app', this.apps, connection.appId);
    gauge.connections += 1;
    gauge.add(key.user);
    return gauge;
  }

  connectionClosed(connection: Connection): Gauge | null {
    const { key, virtualProxy } = connection.session;
    this.#move(key, -1);
    if (virtualProxy !== null) gaugeOf('virtualProxy', this.virtualProxies, virtualProxy).connections -= 1;
    const gauge = connection.appId === null ? undefined : this.apps.get(connection.appId);
    if (gauge === undefined || connection.appId === null) return null;
    gauge.connections -= 1;
    gauge.remove(key.user);
    if (gauge.connections === 0) this.apps.delete(connection.appId);
    return gauge;
  }

  #move(key: Key, by: 1 | -1): void {
    this.connections += by;
    key.host.openConnections += by;
    if (key.user === null) return;
    key.user.openConnections += by;
    if (key.user.openConnections === (by === 1 ? 1 : 0)) this.connectedUsers += by;
  }
}

function gaugeOf(kind: 'virtualProxy' | 'app', gauges: Map<string, Gauge>, name: string): Gauge {
  let gauge = gauges.get(name);
  if (gauge === undefined) {
    gauge = new Gauge(`${kind}:${name}`);
    gauges.set(name, gauge);
  }
  return gauge;
}

/** Hosts in the order of their names; those that ever sent something. */
export function hostsByName(identities: Identities): Host[] {
  return [...identities.hosts.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}
