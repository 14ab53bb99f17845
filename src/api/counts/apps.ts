import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { OF_CENTRES } from '../../contract/centres/of-centres.ts';
import { MAX_FIELD } from '../../formats/fields.ts';
import { byConnections, firstOf } from '../../journal/read/parts/largest.ts';
import { ApiError } from '../errors.ts';
import { filterParameters } from '../filters.ts';
import type { ApiParts } from '../parts.ts';
import { answer, query, type SchemaTypes } from '../schemas.ts';
import { countsAnswer } from './counts-answer.ts';
import { appView, named } from './counts-view.ts';

const appsPage = z.object({
  asOf: countsAnswer.shape.asOf,
  total: z.int().describe('apps that are open, on all pages'),
  items: countsAnswer.shape.apps.element.array().describe('most open connections first'),
  nextCursor: z.string().nullable(),
  partial: OF_CENTRES.partial,
});

const description = {
  summary: 'All apps that are open right now, those with the most connections first',
  description: 'Numbers move while somebody turns pages, so an app may come twice, or not at all.',
  querystring: query({
    limit: filterParameters.limit,
    cursor: z
      .string()
      .max(MAX_FIELD + 16)
      .regex(/^[0-9]{1,15}-/)
      .optional()
      .describe('nextCursor of the page before'),
  }),
  response: { 200: answer(appsPage, 'a page of apps') },
};

export function registerApps(app: FastifyInstance, { site, appNames, now }: ApiParts): void {
  app
    .withTypeProvider<SchemaTypes>()
    .get('/api/v1/apps', { schema: description }, async ({ query: { limit, cursor } }) => {
      const after = cursor === undefined ? null : placeOf(cursor);
      const { apps } = site.counts;
      const rest = named(apps).filter((each) => after === null || byConnections(each, after) > 0);
      const found = firstOf(rest, limit + 1, byConnections);
      const shown = found.slice(0, limit);
      const last = shown.at(-1);
      return {
        asOf: new Date(now()).toISOString(),
        total: apps.size,
        items: shown.map((each) => appView(site, appNames, each)),
        nextCursor: found.length > limit && last !== undefined ? `${last.connections}-${last.name}` : null,
      };
    });
}

/** @throws ApiError 400 */
function placeOf(cursor: string): { name: string; connections: number } {
  const [, connections, name] = /^([0-9]{1,15})-(.*)$/s.exec(cursor) ?? [];
  if (connections === undefined || name === undefined) throw new ApiError(400, 'cursor: is none');
  return { connections: Number(connections), name };
}
