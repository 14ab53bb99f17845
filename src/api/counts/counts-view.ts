import type { AppNames } from '../../contract/app-names.ts';
import type { UserClass } from '../../contract/user-class.ts';
import { byConnections, firstOf, largest, MOST_LISTED } from '../../journal/read/parts/largest.ts';
import type { ClassCounts, Counts } from '../../sessions/counts.ts';
import { silentSince } from '../../sessions/hosts/silences.ts';
import type { Peak } from '../../sessions/peak.ts';
import type { Bounds, Range } from '../../sessions/quality/bounds.ts';
import type { QualityStatement } from '../../sessions/quality/statement.ts';
import type { Tally, Totals } from '../../sessions/series.ts';
import type { Host, KnownUser } from '../../sessions/session.ts';
import type { Site } from '../../sessions/site.ts';
import type { Gauge } from '../../sessions/tally/gauge.ts';
import type { Gauges } from '../../sessions/tally/gauges.ts';
import type { CountsView } from './counts-answer.ts';
import { silentHosts } from './silent-hosts.ts';

type HostView = CountsView['hosts'][number];

/** Of the whole site right now everything is known. */
export type WholeView = Omit<CountsView, 'quality' | 'reasons' | Tally> &
  Pick<QualityStatement, 'quality' | 'reasons'> &
  Record<Tally, Totals>;

/**
 * The numbers of the whole site right now, from memory. `now`: ms since 1970 UTC. Of one class of users, only `active` is:
 * the others are left out there. `most`: rows of the
 * list of hosts, and of each other list.
 */
export function countsView(
  site: Site,
  appNames: AppNames,
  now: number,
  only: UserClass | null = null,
  most = { hosts: MOST_LISTED, names: MOST_LISTED },
): WholeView {
  const { quality, reasons, bounds } = site.quality.at(now);
  const { virtualProxies, apps } = site.counts;
  const { hosts } = site.identities;
  return {
    asOf: new Date(now).toISOString(),
    since: new Date(site.quality.since).toISOString(),
    quality,
    reasons,
    reconciledAt: isoOrNull(site.quality.reconciledAt),
    active: activeView(site.counts, bounds, only),
    peakToday: peakToday(site.peak, now),
    ...site.windows(now),
    hosts: largest(openOn(hosts.values()), most.hosts).map(({ host }) => hostView(site, host, now)),
    hostsTotal: hosts.size,
    ...silentHosts(site, null, now),
    virtualProxies: largest(named(virtualProxies), most.names).map(({ name, gauge }) => ({
      virtualProxy: name,
      sessions: gauge.sessions,
      users: gauge.users.size,
      connections: gauge.connections,
    })),
    virtualProxiesTotal: virtualProxies.size,
    apps: firstOf(named(apps), most.names, byConnections).map((app) => appView(site, appNames, app)),
    appsTotal: apps.size,
  };
}

/** One app that is open now. */
export function appView(site: Site, appNames: AppNames, { name, gauge }: Named): CountsView['apps'][number] {
  return {
    appId: name,
    appName: appNames.nameOf(name),
    connections: gauge.connections,
    users: gauge.users.size,
    opened: site.openedApps.of(name),
  };
}

function activeView(counts: Counts, bounds: Bounds, only: UserClass | null): CountsView['active'] {
  const { person, anonymous, service } = counts.byClass;
  const { sessions, users, connections, connectedUsers } = only === null ? counts : counts.byClass[only];
  const sizeOf = (of: ClassCounts) => ({ sessions: of.sessions, users: of.users });
  return {
    ...{ sessions, users, connections, connectedUsers },
    // Whatever is doubtful or hidden may be all of this class.
    bounds: movedBounds(bounds, sessions - counts.sessions, users - counts.users),
    byClass: { person: sizeOf(person), anonymous: sizeOf(anonymous), service: sizeOf(service) },
  };
}

/** What is as unsure of other counts, which are larger by so many sessions and users. */
export function movedBounds({ sessions, users }: Bounds, bySessions: number, byUsers: number): Bounds {
  return { sessions: moved(sessions, bySessions), users: moved(users, byUsers) };
}

function moved({ low, high }: Range, by: number): Range {
  return { low: Math.max(0, low + by), high: high === null ? null : high + by };
}

function hostView(site: Site, host: Host, now: number): HostView {
  const statement = site.quality.ofHost(host, now);
  return {
    host: host.name,
    sessions: host.openSessions,
    users: host.openUsers,
    connections: host.openConnections,
    ...whatIsKnownOf(site, host, statement, now),
    ...certaintyOf(host, statement),
  };
}

/** What is known of a host besides its counts. */
export function whatIsKnownOf(
  site: Site,
  host: Host,
  { quality, reasons }: QualityStatement,
  now: number,
): Omit<HostView, 'host' | 'sessions' | 'users' | 'connections' | 'bounds' | 'doubtful'> {
  const offsetMs = host.clock?.offsetMs ?? null;
  return {
    quality,
    reasons,
    reconciledAt: isoOrNull(host.reconciledAt),
    lastEventAt: host.lastEventAt === 0 ? null : isoOrNull(host.lastEventAt),
    silentSince: isoOrNull(silentSince(site, host, now)),
    clockOffsetSeconds: offsetMs === null ? null : Math.round(offsetMs / 1000),
  };
}

/** How sure the numbers of a whole host are. */
export function certaintyOf(host: Host, { bounds }: QualityStatement): Pick<HostView, 'bounds' | 'doubtful'> {
  const { doubt, openSessions, openUsers } = host;
  return {
    bounds,
    doubtful: { sessions: openSessions - doubt.sessions, users: openUsers - doubt.users },
  };
}

function peakToday(peak: Peak, now: number): CountsView['peakToday'] {
  const { sessions, users, at } = peak.at(now) ?? { sessions: 0, users: 0, at: null };
  return { sessions, users, at: isoOrNull(at) };
}

export function isoOrNull(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString();
}

/** A virtual proxy or an app. */
export interface Named {
  readonly name: string;
  readonly gauge: Gauge<KnownUser>;
  readonly sessions: number;
  readonly connections: number;
}

export function* named(gauges: Gauges<KnownUser>): Generator<Named> {
  for (const [name, gauge] of gauges) {
    yield { name, gauge, sessions: gauge.sessions, connections: gauge.connections };
  }
}

function* openOn(hosts: Iterable<Host>): Generator<{ name: string; sessions: number; host: Host }> {
  for (const host of hosts) yield { name: host.name, sessions: host.openSessions, host };
}
