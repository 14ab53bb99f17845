import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { OF_CENTRES } from '../contract/centres/of-centres.ts';
import { MAX_FIELD } from '../formats/fields.ts';
import { type AnswerOf, time } from '../journal/read/answers.ts';
import { firstOf } from '../journal/read/parts/largest.ts';
import { silentSince } from '../sessions/hosts/silences.ts';
import type { Host } from '../sessions/session.ts';
import { isoOrNull } from './counts/counts-view.ts';
import { filterParameters } from './filters.ts';
import type { ApiParts } from './parts.ts';
import { answer, query, type SchemaTypes } from './schemas.ts';

export const hostAnswer = z.object({
  host: z.string(),
  lastEventAt: time.nullable(),
  silentSince: time.nullable().describe('when its last line came, where more should have come since'),
  clockOffsetSeconds: z.int().nullable().describe('how far its clock is behind ours; null where unknown'),
  keysIgnored: z.boolean(),
  bothLayouts: z.boolean(),
  rowsMissing: z.int().nullable().describe('null where its lines are not numbered one by one'),
});
export type HostAnswer = AnswerOf<typeof hostAnswer>;

/** A clock that is further off is worth a word. */
const CLOCK_OFF_SECONDS = 60;

export function hostView({ site, now: clock }: Pick<ApiParts, 'site' | 'now'>, host: Host): HostAnswer {
  const now = clock();
  const offsetMs =
    host.edgeSite === null ? (host.clock?.offsetMs ?? null) : host.edgeSite.clockOffsetMs(host.name);
  return {
    host: host.name,
    lastEventAt: host.lastEventAt === 0 ? null : isoOrNull(host.lastEventAt),
    silentSince: isoOrNull(silentSince(site, host, now)),
    clockOffsetSeconds: offsetMs === null ? null : Math.round(offsetMs / 1000),
    keysIgnored: host.keysIgnored,
    bothLayouts: host.layouts.areBoth(now),
    rowsMissing: site.lostLines.missingOf(host.name),
  };
}

/** Those first of which there is something to be said, then those with the most sessions. In the end by name. */
export function mostTroubled(parts: Pick<ApiParts, 'site' | 'now'>, most: number): HostAnswer[] {
  const { hosts } = parts.site.identities;
  const all = Array.from(hosts.values(), (host) => ({ view: hostView(parts, host), host }));
  const troubles = ({ silentSince, clockOffsetSeconds, bothLayouts, keysIgnored, rowsMissing }: HostAnswer) =>
    (bothLayouts ? 4 : 0) +
    (silentSince === null ? 0 : 4) +
    (Math.abs(clockOffsetSeconds ?? 0) > CLOCK_OFF_SECONDS ? 2 : 0) +
    (keysIgnored ? 1 : 0) +
    ((rowsMissing ?? 0) > 0 ? 1 : 0);
  const ranked = all.map((each) => ({ ...each, troubles: troubles(each.view) }));
  const first = firstOf(
    ranked,
    most,
    (a, b) =>
      b.troubles - a.troubles ||
      b.host.openSessions - a.host.openSessions ||
      b.host.lastEventAt - a.host.lastEventAt ||
      byName(a.host, b.host),
  );
  return first.sort((a, b) => byName(a.host, b.host)).map(({ view }) => view);
}

function byName(a: { readonly name: string }, b: typeof a): number {
  if (a.name === b.name) return 0;
  return a.name < b.name ? -1 : 1;
}

const hostsPage = z.object({
  total: z.int().describe('hosts that are known, on all pages'),
  items: z.array(hostAnswer).describe('by name'),
  nextCursor: z.string().nullable(),
  partial: OF_CENTRES.partial,
});

const description = {
  summary: 'All hosts that are known, and what their lines say of them',
  querystring: query({
    limit: filterParameters.limit,
    cursor: z.string().max(MAX_FIELD).optional().describe('nextCursor of the page before'),
  }),
  response: { 200: answer(hostsPage, 'a page of hosts') },
};

export function registerHosts(app: FastifyInstance, parts: ApiParts): void {
  app
    .withTypeProvider<SchemaTypes>()
    .get('/api/v1/hosts', { schema: description }, async ({ query: { limit, cursor } }) => {
      const { hosts } = parts.site.identities;
      const rest = [...hosts.values()].filter(({ name }) => cursor === undefined || name > cursor);
      const found = firstOf(rest, limit + 1, byName);
      const shown = found.slice(0, limit);
      return {
        total: hosts.size,
        items: shown.map((host) => hostView(parts, host)),
        nextCursor: found.length > limit ? (shown.at(-1)?.name ?? null) : null,
      };
    });
}
