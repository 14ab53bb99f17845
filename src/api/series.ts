import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { addUpPoints } from '../centres/adding-points.ts';
import { askAll } from '../centres/asking.ts';
import { series, seriesPoint, WINDOW_NAMES } from '../journal/read/answers.ts';
import { RANGE_STEPS, type RangeStep, type SeriesSpan } from '../journal/read/series-query.ts';
import { askerOf } from './access/asker.ts';
import { centresOf, own, pathFor } from './centres/all-pages.ts';
import { sendPage } from './centres/send-page.ts';
import { columnsOf, csvAnswer, csvOrJson, format, wantsCsv } from './csv-answer.ts';
import { ApiError } from './errors.ts';
import { application, moment, partOf, partParameters, rangeOf, zone, zoneOf } from './filters.ts';
import type { ApiParts } from './parts.ts';
import { query, type SchemaTypes, sendJson } from './schemas.ts';
import type { SharedAnswers } from './shared-answers.ts';

const MOST_POINTS = 10_000;
/** How many points there are where `from` is not given. */
const USUAL_POINTS = 60;

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

const TOO_MUCH =
  'too many sessions in that range for host, virtualProxy, app and application together: ask for a shorter one with from ' +
  'and to, or for one of the first three';

const description = {
  summary: 'Counts over time',
  description:
    'With an app, created, destroyed and active are of its connections. A rejection does not name a virtual proxy or an app, ' +
    'so rejected is null with one. It is null with application, too.',
  querystring: query({ ...spans, ...partParameters, application, own, format }),
  response: { 200: csvOrJson(series, 'points, oldest first; null where nobody knows') },
};

const columns = columnsOf(seriesPoint);

export function registerSeries(
  app: FastifyInstance,
  { ask, now, centres }: ApiParts,
  answers: SharedAnswers,
): void {
  app
    .withTypeProvider<SchemaTypes>()
    .get('/api/v1/series', { schema: description }, async (request, reply) => {
      const { query } = request;
      const asOf = now();
      const span = spanOf(query, asOf);
      const all = centresOf(centres, request);
      if (all !== null) {
        const { answers: parts, missing } = await askAll(all, pathFor(request.url), series);
        const sum = addUpPoints(parts, missing);
        return sendPage(request, reply, sum, { items: sum.points, columns, what: 'series', now: asOf });
      }
      const part = { ...partOf(query), application: query.application ?? null };
      const question = { ask: 'series', span, part, now: asOf } as const;
      reply.header('vary', 'accept');
      const asker = askerOf(request, reply);
      if (!wantsCsv(request)) return sendJson(reply, orTooMuch(await answers.to(question, request, asker)));
      const csv = orTooMuch(await ask({ ...question, csv: columns }, asker));
      return csvAnswer(request, reply, csv, 'series', asOf);
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

/** @throws ApiError 400 */
function orTooMuch<Found>(found: Found | null): Found {
  if (found === null) throw new ApiError(400, TOO_MUCH);
  return found;
}
