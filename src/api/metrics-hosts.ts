import type { Host } from '../core/identities.ts';
import type { Site } from '../core/site.ts';
import { type Metric, metric, type Sample } from './metric.ts';
import { Rising } from './metrics-rising.ts';
import type { ApiParts } from './parts.ts';

/** Anyone may send lines with made-up hosts, and each name costs Prometheus a time series. */
const MOST_HOSTS = 100;

export function hostMetrics({ site }: ApiParts): Metric[] {
  const { hosts } = site.identities;
  const heardOf = () => busiest(hosts).filter((host) => host.lastEventAt > 0);
  return [
    metric(
      'headcount_hosts',
      `Hosts heard of. The ${MOST_HOSTS} with the most sessions, then the latest event, have series of their own`,
      () => hosts.size,
    ),
    {
      name: 'headcount_host_sessions',
      help: 'Open sessions of a host',
      labels: ['host'],
      samples: () => busiest(hosts).map((host) => [host.openSessions, host.name]),
    },
    {
      name: 'headcount_host_last_event_timestamp_seconds',
      help: 'Latest event time of a host',
      labels: ['host'],
      samples: () => heardOf().map((host) => [host.lastEventAt / 1000, host.name]),
    },
    {
      name: 'headcount_rows_missing_total',
      help: 'Lines that a host numbered and that never came; absent where it does not number them one by one',
      labels: ['host'],
      samples: rowsMissing(site),
    },
  ];
}

/** Of a host that is known at the start what it loses from then on, of one that comes later everything. */
function rowsMissing({ identities, rowNumbers }: Site): () => Sample[] {
  const begin = (name: string) => [name, new Rising(rowNumbers.missingOf(name) ?? 0)] as const;
  let rising = new Map(Array.from(rowNumbers.hosts, begin));
  return () => {
    // Names that nobody sends any more are not kept.
    rising = new Map([...rising].filter(([name]) => rowNumbers.missingOf(name) !== null));
    return busiest(identities.hosts).flatMap(({ name }): Sample[] => {
      const missing = rowNumbers.missingOf(name);
      if (missing === null) return [];
      const counter = rising.get(name) ?? new Rising(0);
      rising.set(name, counter);
      return [[counter.at(missing), name]];
    });
  };
}

function busiest(hosts: ReadonlyMap<string, Host>): Host[] {
  const all = [...hosts.values()];
  if (all.length <= MOST_HOSTS) return all;
  return all
    .sort((a, b) => b.openSessions - a.openSessions || b.lastEventAt - a.lastEventAt)
    .slice(0, MOST_HOSTS);
}
