import type { UserEvent } from '../../src/contract/event.ts';
import { isDoubtful } from '../../src/sessions/doubt/doubt.ts';
import type { Connection, KnownUser, Session } from '../../src/sessions/session.ts';
import { Site } from '../../src/sessions/site.ts';
import type { Gauge } from '../../src/sessions/tally/gauge.ts';
import type { Gauges } from '../../src/sessions/tally/gauges.ts';
import { lose } from './lose.ts';
import { type LossReason, type SessionView, type TrackerView, userName } from './model/session-model.ts';

/** The real picture of a site, which also keeps what ended, seen as the model is seen. */
export class TrackerUnderTest extends Site {
  readonly #all: Session[] = [];
  readonly #connections = new Map<Session, Connection[]>();
  #seq = 0;

  override apply(event: UserEvent) {
    this.#seq += 1;
    return super.apply(event, this.#seq);
  }

  sweep(now: number): void {
    this.tick(now);
  }

  lose(host: string | null, reason: LossReason, now: number): void {
    lose(this, host, reason, now);
  }

  reasonsOf(name: string, now: number): string[] {
    const host = this.identities.hosts.get(name);
    // What the lines themselves say is not the model's.
    return host === undefined
      ? []
      : this.quality
          .ofHost(host, now)
          .reasons.filter((reason) => reason !== 'unnumbered')
          .toSorted();
  }

  restart(stoppedAt: number, startedAt: number): void {
    this.tracker.restarted(stoppedAt, startedAt);
  }

  override sessionOpened(session: Session): void {
    super.sessionOpened(session);
    this.#all.push(session);
    this.#connections.set(session, []);
  }

  override connectionOpened(connection: Connection): void {
    super.connectionOpened(connection);
    this.#connections.get(connection.session)?.push(connection);
  }

  view(): TrackerView {
    const { created } = this.series.totals;
    const destroyed = this.series.totals.destroyed + this.counts.hidden.sessions;
    const shown = this.#all.filter((session) => session.endedAt === null && !session.key.isHidden);
    const hosts = [...this.identities.hosts.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
    return {
      sessions: this.#all.map((session) => this.#viewOf(session)),
      ...openViewOf(this),
      doubtful: shown.filter((session) => isDoubtful(session)).map((session) => session.id),
      sureUsers: this.counts.doubt.users,
      sureUsersByHost: Object.fromEntries(
        hosts.filter((host) => host.openSessions > 0).map((host) => [host.name, host.doubt.users]),
      ),
      created,
      destroyed,
      ...this.tracker.counters,
      ignoredKeyHosts: [...this.identities.hosts.values()]
        .filter((host) => host.keysIgnored)
        .map((host) => host.name)
        .sort(),
    };
  }

  #viewOf(session: Session): SessionView {
    return {
      id: session.id,
      host: session.key.host.name,
      user: userName(session.key.user),
      sessionKey: session.sessionKey,
      virtualProxy: session.virtualProxy,
      userAgent: session.userAgent,
      startedAt: session.startedAt,
      startExact: session.startExact,
      endedAt: session.endedAt,
      endExact: session.endExact,
      endReason: session.endReason,
      identityExact: session.identityExact,
      lastActivityAt: session.lastActivityAt,
      connections: (this.#connections.get(session) ?? [])
        .toSorted((a, b) => a.id - b.id)
        .map(({ appId, openedAt, closedAt, closeExact }) => ({ appId, openedAt, closedAt, closeExact })),
    };
  }
}

/** What is open: over all, and under each name. */
export function openViewOf(site: Site): Pick<TrackerView, 'active' | 'hosts' | 'virtualProxies' | 'apps'> {
  const { sessions, users, connections, connectedUsers } = site.counts;
  return {
    active: { sessions, users, connections, connectedUsers },
    hosts: Object.fromEntries(
      [...site.identities.hosts.values()]
        // A host stays known for a day.
        .filter(
          ({ openSessions, openUsers, openConnections }) => openSessions + openUsers + openConnections !== 0,
        )
        .map(({ name, openSessions, openUsers, openConnections }) => [
          name,
          { sessions: openSessions, users: openUsers, connections: openConnections },
        ]),
    ),
    virtualProxies: gaugesOf(site.counts.virtualProxies, ({ sessions, users, connections }) => ({
      sessions,
      users: users.size,
      connections,
    })),
    apps: gaugesOf(site.counts.apps, ({ users, connections }) => ({ users: users.size, connections })),
  };
}

function gaugesOf<V>(gauges: Gauges<KnownUser>, view: (gauge: Gauge<KnownUser>) => V): Record<string, V> {
  return Object.fromEntries([...gauges].map(([name, gauge]) => [name, view(gauge)]));
}
