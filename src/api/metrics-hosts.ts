import type { Host } from '../core/identities.ts';
import { type Metric, metric } from './metric.ts';
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
  ];
}

function busiest(hosts: ReadonlyMap<string, Host>): Host[] {
  const all = [...hosts.values()];
  if (all.length <= MOST_HOSTS) return all;
  return all
    .sort((a, b) => b.openSessions - a.openSessions || b.lastEventAt - a.lastEventAt)
    .slice(0, MOST_HOSTS);
}
