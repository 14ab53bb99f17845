import { secondsOf } from '../../contract/seconds.ts';
import { firstOf } from '../../journal/read/parts/largest.ts';
import type { Range } from '../../sessions/quality/bounds.ts';
import type { QualityLook } from '../../sessions/quality/quality-look.ts';
import type { Host } from '../../sessions/session.ts';
import type { Site } from '../../sessions/site.ts';
import { type Metric, metric, Rising, type Sample, type Scrape } from './metric.ts';

/** Anyone may send lines with made-up hosts, and each name costs Prometheus a time series. */
export const MOST_HOSTS = 100;

export function hostMetrics(site: Site, look: () => QualityLook, scrape: Scrape): Metric[] {
  const { hosts } = site.identities;
  const listed = scrape.once(() => busiest(hosts));
  const heardOf = () => listed().filter((host) => host.lastEventAt > 0);
  const bounds = (end: (range: Range) => number | null) => (): Sample[] =>
    listed().flatMap((host) => {
      const value = end(look().of(host).bounds.sessions);
      return value === null ? [] : [[value, host.name]];
    });
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
      samples: () => listed().map((host) => [host.openSessions, host.name]),
    },
    {
      name: 'headcount_host_sessions_low',
      help: 'The least that the open sessions of a host may truly be',
      labels: ['host'],
      samples: bounds(({ low }) => low),
    },
    {
      name: 'headcount_host_sessions_high',
      help: 'The most that the open sessions of a host may truly be; absent where nobody can know',
      labels: ['host'],
      samples: bounds(({ high }) => high),
    },
    {
      name: 'headcount_host_last_event_timestamp_seconds',
      help: 'Latest event time of a host',
      labels: ['host'],
      samples: () => heardOf().map((host) => [secondsOf(host.lastEventAt), host.name]),
    },
    {
      name: 'headcount_rows_missing_total',
      help: 'Lines that a host numbered and that never came; absent where it does not number them one by one',
      labels: ['host'],
      samples: rowsMissing(site, listed),
    },
  ];
}

/** Of a host that is known at the start what it loses from then on, of one that comes later everything. */
function rowsMissing({ lostLines: rowNumbers }: Site, listed: () => Host[]): () => Sample[] {
  const begin = (name: string) => [name, new Rising(rowNumbers.missingOf(name) ?? 0)] as const;
  let rising = new Map(Array.from(rowNumbers.hosts, begin));
  return () => {
    // Names that nobody sends any more are not kept.
    rising = new Map([...rising].filter(([name]) => rowNumbers.missingOf(name) !== null));
    return listed().flatMap(({ name }): Sample[] => {
      const missing = rowNumbers.missingOf(name);
      if (missing === null) return [];
      const counter = rising.get(name) ?? new Rising(0);
      rising.set(name, counter);
      return [[counter.at(missing), name]];
    });
  };
}

/** Those that have series of their own. */
export function busiest(hosts: ReadonlyMap<string, Host>): Host[] {
  return firstOf(
    hosts.values(),
    MOST_HOSTS,
    (a, b) => b.openSessions - a.openSessions || b.lastEventAt - a.lastEventAt || (a.name < b.name ? -1 : 1),
  );
}
