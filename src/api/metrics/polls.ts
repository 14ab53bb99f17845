import type { PollStats } from '../../contract/receiver.ts';
import type { Metric, Sample } from './metric.ts';

/** A configuration may name 10,000 virtual proxies, and each costs Prometheus four time series. */
const MOST_VIRTUAL_PROXIES = 100;

/** What came of asking who is on. `polls`: of all receivers, in the order of the configuration. */
export function pollMetrics(polls: () => readonly PollStats[], now: () => number): Metric[] {
  const labels = ['host', 'virtual_proxy'];
  /** A value for each virtual proxy that has one. */
  const known = (read: (stats: PollStats) => number | null) => (): Sample[] =>
    polls()
      .slice(0, MOST_VIRTUAL_PROXIES)
      .flatMap((stats) => {
        const value = read(stats);
        return value === null ? [] : [[value, stats.host, stats.virtualProxy]];
      });
  return [
    {
      name: 'headcount_polls_total',
      help: `Polls of a virtual proxy, failed ones too. The first ${MOST_VIRTUAL_PROXIES} of the configuration have series`,
      labels,
      samples: known((stats) => stats.polls),
    },
    {
      name: 'headcount_polls_failed_total',
      help: 'Polls without a usable answer, which are evidence of nothing',
      labels,
      samples: known((stats) => stats.failed),
    },
    {
      name: 'headcount_poll_age_seconds',
      help: 'Time since the last good answer; absent before the first',
      labels,
      samples: known(({ answeredAt }) =>
        answeredAt === null ? null : Math.max(0, now() - Date.parse(answeredAt)) / 1000,
      ),
    },
    {
      name: 'headcount_poll_sessions',
      help: 'Sessions in the last good answer, without those that the blacklist of polls names; absent before the first',
      labels,
      samples: known((stats) => stats.sessions),
    },
  ];
}
