import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { normaliseHost } from '../formats/index.ts';
import { series, seriesPoint, WINDOW_NAMES } from '../journal/read/answers.ts';
import { RANGE_STEPS, type RangeStep, type SeriesSpan } from '../journal/read/series-query.ts';
import type { Dimension } from '../sessions/series.ts';
import { columnsOf, csvAnswer, csvOrJson, format, wantsCsv } from './csv-answer.ts';
import { ApiError } from './errors.ts';
import { moment, name, rangeOf, zone, zoneOf } from './filters.ts';
import type { ApiParts } from './parts.ts';
import { query, type SchemaTypes, sendJson } from './schemas.ts';

const MOST_POINTS = 10_000;
/** How many points there are where `from` is not given. */
const USUAL_POINTS = 60;

const dimensions = { host: name, virtualProxy: name, app: name };
const spans = {
  window: z.enum(WINDOW_NAMES).optional().describe('a range that ends now; 60s unless a step is given'),
  step: z
    .enum(Object.keys(RANGE_STEPS) as RangeStep[])
    .optional()
    .describe('with from and to: any range'),
  from: moment.describe('with a step: ISO 8601 with a zone; 60 steps before to unless given'),
  to: moment.describe('with a step: ISO 8601 with a zone; now unless given'),
  timeZone: zone.describe('where days begin at midnight: an IANA name, such as Europe/Berlin'),
};

const description = {
  summary: 'Counts over time',
  querystring: query({ ...spans, ...dimensions, format }),
  response: { 200: csvOrJson(series, 'points, oldest first; null where nobody knows') },
};

const columns = columnsOf(seriesPoint);

export function registerSeries(app: FastifyInstance, { ask, now }: ApiParts): void {
  app
    .withTypeProvider<SchemaTypes>()
    .get('/api/v1/series', { schema: description }, async (request, reply) => {
      const { query } = request;
      const asOf = now();
      const span = spanOf(query, asOf);
      const question = { ask: 'series', span, dimension: dimensionOf(query), now: asOf } as const;
      reply.header('vary', 'accept');
      if (!wantsCsv(request)) return sendJson(reply, await ask(question));
      return csvAnswer(request, reply, await ask({ ...question, csv: columns }), 'series', asOf);
    });
}

/** @throws ApiError 400 */
function spanOf(
  { window, step, from, to, timeZone }: z.output<z.ZodObject<typeof spans>>,
  now: number,
): SeriesSpan {
  if (step === undefined) {
    if (from !== undefined || to !== undefined) throw new ApiError(400, 'step: needed with from and to');
    return window ?? '60s';
  }
  if (window !== undefined) throw new ApiError(400, 'window: not together with step');
  const stepMs = RANGE_STEPS[step] * 1000;
  const range = rangeOf({ from, to }, now, USUAL_POINTS * stepMs);
  if ((range.to - range.from) / stepMs > MOST_POINTS) {
    throw new ApiError(400, `step: more than ${MOST_POINTS} points, ask for fewer or a longer step`);
  }
  return { ...range, step, timeZone: zoneOf(timeZone) };
}

function dimensionOf({ host, virtualProxy, app }: z.output<z.ZodObject<typeof dimensions>>): Dimension {
  const asked: Dimension[] = [];
  if (host !== undefined) asked.push(`host:${normaliseHost(host)}`);
  if (virtualProxy !== undefined) asked.push(`virtualProxy:${virtualProxy}`);
  if (app !== undefined) asked.push(`app:${app.toLowerCase()}`);
  if (asked.length > 1) throw new ApiError(400, 'at most one of host, virtualProxy and app');
  return asked[0] ?? 'all';
}
