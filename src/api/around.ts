import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { duration } from '../contract/settings.ts';
import { around, aroundItem } from '../journal/read/answers.ts';
import { askerOf } from './access/asker.ts';
import { columnsOf, csvAnswer, csvOrJson, format, wantsCsv } from './csv-answer.ts';
import { ApiError } from './errors.ts';
import { filterParameters, filtersOf, moment, timeOf } from './filters.ts';
import type { ApiParts } from './parts.ts';
import { query, type SchemaTypes, sendJson } from './schemas.ts';
import type { SharedAnswers } from './shared-answers.ts';

const { user, host, virtualProxy, app: appId, limit } = filterParameters;
const withinOf = duration('1s', '1d');

const description = {
  summary: 'Sessions and apps opened shortly before a moment, the nearest first',
  querystring: query({
    at: moment.describe('ISO 8601 with a zone; now unless given'),
    within: z.string().min(1).max(16).default('15m').describe('how far back: a duration from 1s to 1d'),
    user,
    host,
    virtualProxy,
    app: appId,
    limit,
    format,
  }),
  response: { 200: csvOrJson(around, 'what was opened') },
};

const columns = columnsOf(aroundItem);

export function registerAround(app: FastifyInstance, { ask, now }: ApiParts, answers: SharedAnswers): void {
  app
    .withTypeProvider<SchemaTypes>()
    .get('/api/v1/around', { schema: description }, async (request, reply) => {
      const { at, within, ...query } = request.query;
      const asOf = now();
      const back = withinOf.safeParse(within);
      if (!back.success) throw new ApiError(400, `within: ${back.error.issues[0]?.message}`);
      const to = timeOf('at', at) ?? asOf;
      const filters = { ...filtersOf(query), from: to - back.data, to };
      const question = { ask: 'around', filters } as const;
      reply.header('vary', 'accept');
      const asker = askerOf(request, reply);
      if (!wantsCsv(request)) return sendJson(reply, await answers.to(question, request, asker));
      return csvAnswer(request, reply, await ask({ ...question, csv: columns }, asker), 'around', asOf);
    });
}
