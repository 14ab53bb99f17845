import type { AppNames } from '../core/app-names.ts';
import { type Gauge, hostsByName } from '../core/counts.ts';
import type { QualityStatement } from '../core/quality.ts';
import type { Totals } from '../core/series.ts';
import type { Site } from '../core/site.ts';

/** What `GET /api/v1/counts` answers. Times are ISO 8601 UTC. */
export interface CountsView extends QualityStatement {
  readonly asOf: string;
  /** When the store began; `total` counts from there. */
  readonly since: string;
  readonly active: {
    readonly sessions: number;
    readonly users: number;
    readonly connections: number;
    readonly connectedUsers: number;
  };
  readonly created: Totals;
  readonly destroyed: Totals;
  readonly rejected: Totals;
  /** Mean length of the sessions that ended in the last hour; null where none did. */
  readonly averageDurationSeconds: number | null;
  readonly hosts: readonly {
    readonly host: string;
    readonly sessions: number;
    readonly users: number;
    readonly connections: number;
    readonly quality: QualityStatement['quality'];
  }[];
  readonly virtualProxies: readonly {
    readonly virtualProxy: string;
    readonly sessions: number;
    readonly users: number;
    readonly connections: number;
  }[];
  /** Apps with an open connection, most connections first. */
  readonly apps: readonly {
    readonly appId: string;
    readonly appName: string | null;
    readonly connections: number;
    readonly users: number;
  }[];
}

/** The numbers right now, from memory. `now`: ms since 1970 UTC. */
export function countsView(site: Site, appNames: AppNames, now: number): CountsView {
  const { sessions, users, connections, connectedUsers } = site.counts;
  const { quality, reasons } = site.quality.at(now);
  return {
    asOf: new Date(now).toISOString(),
    since: new Date(site.quality.since).toISOString(),
    quality,
    reasons,
    active: { sessions, users, connections, connectedUsers },
    ...site.series.windows(now),
    hosts: hostsByName(site.identities).map((host) => ({
      host: host.name,
      sessions: host.openSessions,
      users: host.openUsers,
      connections: host.openConnections,
      quality: site.quality.ofHost(host.name, now).quality,
    })),
    virtualProxies: byName(site.counts.virtualProxies).map(([virtualProxy, gauge]) => ({
      virtualProxy,
      sessions: gauge.sessions,
      users: gauge.users.size,
      connections: gauge.connections,
    })),
    apps: byConnections(site.counts.apps).map(([appId, gauge]) => ({
      appId,
      appName: appNames.nameOf(appId),
      connections: gauge.connections,
      users: gauge.users.size,
    })),
  };
}

type Named = [name: string, gauge: Gauge];

function byName(gauges: ReadonlyMap<string, Gauge>): Named[] {
  return [...gauges].sort(([a], [b]) => (a < b ? -1 : 1));
}

function byConnections(gauges: ReadonlyMap<string, Gauge>): Named[] {
  return [...gauges].sort(([a, one], [b, other]) => other.connections - one.connections || (a < b ? -1 : 1));
}
