import type { Site } from '../../sessions/site.ts';
import type { Storms } from '../../sessions/storms/storms.ts';
import { busiest, MOST_HOSTS } from './hosts.ts';
import type { Metric } from './metric.ts';

/** Hosts with a storm come first, so that none is missing: an alert needs it. The others say 0, so that one ends. */
export function stormMetrics(storms: Storms, { identities }: Site): Metric[] {
  return [
    {
      name: 'headcount_storms',
      help: 'Users that start sessions on a host again and again',
      labels: ['host'],
      samples: () => {
        const numbers = storms.byHost;
        const stormy = [...numbers].sort(([, one], [, other]) => other - one).map(([name]) => name);
        const others = busiest(identities.hosts).map(({ name }) => name);
        const hosts = [...new Set([...stormy, ...others])].slice(0, MOST_HOSTS);
        return hosts.map((host) => [numbers.get(host) ?? 0, host]);
      },
    },
  ];
}
