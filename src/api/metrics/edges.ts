import type { EdgeStats } from '../../contract/sites/forwarding.ts';
import type { Metric, Sample } from './metric.ts';

/** Each costs Prometheus four time series. */
const MOST_EDGES = 100;

/** What came of other Headcounts. `edges`: of all receivers. */
export function edgeMetrics(edges: () => readonly EdgeStats[]): Metric[] {
  const labels = ['site', 'edge'];
  /** A value for each edge that has one. */
  const known = (read: (stats: EdgeStats) => number | null) => (): Sample[] =>
    edges()
      .slice(0, MOST_EDGES)
      .flatMap((stats) => {
        const value = read(stats);
        return value === null ? [] : [[value, stats.site, stats.edge]];
      });
  return [
    {
      name: 'headcount_edge_events_total',
      help: `Events taken of another Headcount since the start. The first ${MOST_EDGES} by site have series`,
      labels,
      samples: known((stats) => stats.events),
    },
    {
      name: 'headcount_edge_last_seen_timestamp_seconds',
      help: 'When anything of it came last; it says every five seconds that it is there',
      labels,
      samples: known((stats) => Date.parse(stats.lastSeenAt) / 1000),
    },
    {
      name: 'headcount_edge_events_behind',
      help: 'Events that it has accepted and that have not come; absent where it has not said how many it has',
      labels,
      samples: known((stats) => stats.behind),
    },
    {
      name: 'headcount_edge_events_gone_total',
      help: 'Events of it that are lost for good: its retention was faster',
      labels,
      samples: known((stats) => stats.gone),
    },
  ];
}
