import { isNamedBy } from '../../contract/sites/site-hosts.ts';
import { firstOf, MOST_LISTED } from '../../journal/read/parts/largest.ts';
import { bySilence, silences } from '../../sessions/hosts/silences.ts';
import type { Site } from '../../sessions/site.ts';
import type { CountsView } from './counts-answer.ts';

type SilentHosts = Pick<CountsView, 'silentHosts' | 'silentHostsTotal'>;

/** `asked`: the one host, or all hosts of a site, of which this is asked; null for all. */
export function silentHosts(site: Site, asked: string | null, now: number): SilentHosts {
  const silent = [...silences(site, now)].filter(({ name }) => asked === null || isNamedBy(name, asked));
  const listed = firstOf(silent, MOST_LISTED, bySilence);
  return {
    silentHosts: listed.map(({ name, since }) => ({
      host: name,
      silentSince: new Date(since).toISOString(),
    })),
    silentHostsTotal: silent.length,
  };
}

/** Nobody remembers who was silent then. */
export const NONE_KNOWN: SilentHosts = { silentHosts: [], silentHostsTotal: null };
