import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { normaliseHost } from '../formats/index.ts';
import { series, WINDOW_NAMES } from '../journal/read/answers.ts';
import type { Dimension } from '../sessions/series.ts';
import { ApiError } from './errors.ts';
import { name } from './filters.ts';
import type { ApiParts } from './parts.ts';
import { answer, query, type SchemaTypes, sendJson } from './schemas.ts';

const dimensions = { host: name, virtualProxy: name, app: name };

const description = {
  summary: 'Counts over time',
  querystring: query({ window: z.enum(WINDOW_NAMES).default('60s'), ...dimensions }),
  response: { 200: answer(series, 'points, oldest first; null where nobody knows') },
};

export function registerSeries(app: FastifyInstance, { ask, now }: ApiParts): void {
  app
    .withTypeProvider<SchemaTypes>()
    .get('/api/v1/series', { schema: description }, async ({ query }, reply) => {
      const { window } = query;
      return sendJson(reply, await ask({ ask: 'series', window, dimension: dimensionOf(query), now: now() }));
    });
}

function dimensionOf({ host, virtualProxy, app }: z.output<z.ZodObject<typeof dimensions>>): Dimension {
  const asked: Dimension[] = [];
  if (host !== undefined) asked.push(`host:${normaliseHost(host)}`);
  if (virtualProxy !== undefined) asked.push(`virtualProxy:${virtualProxy}`);
  if (app !== undefined) asked.push(`app:${app.toLowerCase()}`);
  if (asked.length > 1) throw new ApiError(400, 'at most one of host, virtualProxy and app');
  return asked[0] ?? 'all';
}
