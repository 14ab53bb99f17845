import { computed } from '@preact/signals';
import type { CountsView } from '../../api/counts/counts-answer.ts';
import { answerOf } from '../model/answer.ts';
import { liveCounts } from '../model/live.ts';
import { filter } from '../model/look.ts';

/** While a filter is set the live numbers have only what fits it, so the whole is asked for apart from them. */
const whole = answerOf<CountsView>(
  () =>
    Object.values(filter).every(({ value }) => value === null) ? null : { route: 'counts', parameters: {} },
  10_000,
);

/** What there is on the whole site, whatever is filtered, in the order of the alphabet. */
export const siteLists = computed(() => {
  const counts = whole.value.value ?? liveCounts.value;
  return {
    apps: (counts?.apps ?? []).toSorted((one, other) =>
      (one.appName ?? one.appId).localeCompare(other.appName ?? other.appId),
    ),
    hosts: (counts?.hosts ?? []).map(({ host }) => host),
    virtualProxies: (counts?.virtualProxies ?? []).map(({ virtualProxy }) => virtualProxy),
  };
});

/** Each host, and before the first one of another site, `SITE/HOST`, all of that site: what is asked for, and what it is called. */
export function hostChoices(hosts: readonly string[]): (readonly [value: string, text: string])[] {
  const sites = new Set<string>();
  return hosts.flatMap((host) => {
    const [site = '', ...rest] = host.split('/');
    if (rest.length === 0 || sites.has(site)) return [[host, host]] as const;
    sites.add(site);
    return [
      [`${site}/*`, `All hosts of ${site}`],
      [host, host],
    ] as const;
  });
}
