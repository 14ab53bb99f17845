import type { FastifyInstance } from 'fastify';
import type { OwnAnswers } from '../../centres/centres.ts';
import { QUALITIES, type QualityLevel } from '../../contract/quality.ts';
import { largest } from '../../journal/read/parts/largest.ts';
import type { Site } from '../../sessions/site.ts';
import { siteOf } from '../../sessions/tally/site-gauges.ts';
import { answerToCentre } from '../access/centre-questions.ts';
import type { CountsView } from '../counts/counts-answer.ts';
import { countsView } from '../counts/counts-view.ts';
import type { ApiParts } from '../parts.ts';

type SiteRow = NonNullable<CountsView['sites']>[number];

/** What this centre tells others. */
export function ownAnswers(
  app: FastifyInstance,
  { site, appNames, now }: Pick<ApiParts, 'site' | 'appNames' | 'now'>,
): OwnAnswers {
  return {
    counts: (most) => {
      const at = now();
      return { ...countsView(site, appNames, at, null, most), ...sitesOf(site, at, most.names) };
    },
    answer: (path) => answerToCentre(app, path),
  };
}

function sitesOf(site: Site, now: number, most: number): Required<Pick<CountsView, 'sites' | 'sitesTotal'>> {
  const sites = site.counts.sites?.all ?? new Map<string, never>();
  const qualities = qualitiesOf(site, now);
  const rows = [...sites].map(([name, { sessions, users, connections }]) => ({
    ...{ name, sessions },
    row: { site: name, sessions, users: users.size, connections, quality: qualities.get(name) ?? null },
  }));
  return { sites: largest(rows, most).map(({ row }): SiteRow => row), sitesTotal: sites.size };
}

/** The worst of the hosts of each site. */
function qualitiesOf({ identities, quality }: Site, now: number): Map<string, QualityLevel> {
  const look = quality.look(now);
  const worst = new Map<string, QualityLevel>();
  for (const host of identities.hosts.values()) {
    const name = siteOf(host);
    if (name === null) continue;
    const ofHost = look.of(host).quality;
    const before = worst.get(name);
    if (before === undefined || QUALITIES.indexOf(ofHost) > QUALITIES.indexOf(before))
      worst.set(name, ofHost);
  }
  return worst;
}
