import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { peaksItem, peaksPage } from '../journal/read/answers.ts';
import { CALENDAR_UNITS } from '../journal/read/peaks/calendar.ts';
import { askerOf } from './access/asker.ts';
import { columnsOf, csvAnswer, format, pageAnswer, wantsCsv } from './csv-answer.ts';
import { filterParameters, filtersOf, moment, rangeOf, zone, zoneOf } from './filters.ts';
import type { ApiParts } from './parts.ts';
import { query, type SchemaTypes, sendJson } from './schemas.ts';
import type { SharedAnswers } from './shared-answers.ts';

const DAY_MS = 86_400_000;
/** How far back it looks where `from` is not given. */
const USUAL_MS = { hour: DAY_MS, day: 30 * DAY_MS, month: 365 * DAY_MS };

const { host, virtualProxy, limit, cursor } = filterParameters;

const description = {
  summary: 'The most sessions, users and licence seats at once, by hour, day or month',
  querystring: query({
    by: z.enum(CALENDAR_UNITS).default('day'),
    from: moment.describe('ISO 8601 with a zone; 24 hours, 30 days or 365 days before to unless given'),
    to: moment.describe('ISO 8601 with a zone; now unless given'),
    timeZone: zone.describe('where hours, days and months begin: an IANA name, such as Europe/Berlin'),
    host,
    virtualProxy,
    limit,
    cursor,
    format,
  }),
  response: { 200: pageAnswer(peaksPage, 'peaks, oldest first; null where nobody knows') },
};

const columns = columnsOf(peaksItem);

export function registerPeaks(app: FastifyInstance, { ask, now }: ApiParts, answers: SharedAnswers): void {
  app
    .withTypeProvider<SchemaTypes>()
    .get('/api/v1/peaks', { schema: description }, async (request, reply) => {
      const { by, timeZone, ...query } = request.query;
      const asOf = now();
      const filters = { ...filtersOf(query), ...rangeOf(query, asOf, USUAL_MS[by]) };
      const question = { ask: 'peaks', by, filters, timeZone: zoneOf(timeZone), now: asOf } as const;
      reply.header('vary', 'accept');
      const asker = askerOf(request, reply);
      if (!wantsCsv(request)) return sendJson(reply, await answers.to(question, request, asker));
      return csvAnswer(request, reply, await ask({ ...question, csv: columns }, asker), 'peaks', asOf);
    });
}
