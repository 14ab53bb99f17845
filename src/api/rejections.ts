import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { REJECTION_REASONS } from '../contract/event.ts';
import { rejectionItem, rejectionsPage } from '../journal/read/answers.ts';
import { askerOf } from './access/asker.ts';
import { columnsOf, csvAnswer, format, pageAnswer, wantsCsv } from './csv-answer.ts';
import { filterParameters, filtersOf, moment } from './filters.ts';
import type { ApiParts } from './parts.ts';
import { query, type SchemaTypes, sendJson } from './schemas.ts';
import type { SharedAnswers } from './shared-answers.ts';

const { user, host, cursor } = filterParameters;

const description = {
  summary: 'Rejected sessions, newest first, with the sessions that held the seats then',
  querystring: query({
    reason: z.enum(REJECTION_REASONS).optional(),
    user,
    host: host.describe('the node that said so, with or without its domain'),
    from: moment.describe('not before this time: ISO 8601 with a zone'),
    to: moment.describe('before this time: ISO 8601 with a zone'),
    // Each of them takes a search of its own.
    limit: z.int().min(1).max(100).default(100).describe('the most items of a page'),
    cursor,
    format,
  }),
  response: { 200: pageAnswer(rejectionsPage, 'a page of rejections') },
};

const columns = columnsOf(rejectionItem);

export function registerRejections(
  app: FastifyInstance,
  { ask, now }: ApiParts,
  answers: SharedAnswers,
): void {
  app
    .withTypeProvider<SchemaTypes>()
    .get('/api/v1/rejections', { schema: description }, async (request, reply) => {
      const { reason = null, ...query } = request.query;
      const asOf = now();
      const filters = { ...filtersOf(query), kind: 'session_rejected' as const, reason };
      const question = { ask: 'rejections', filters, now: asOf } as const;
      reply.header('vary', 'accept');
      const asker = askerOf(request, reply);
      if (!wantsCsv(request)) return sendJson(reply, await answers.to(question, request, asker));
      return csvAnswer(request, reply, await ask({ ...question, csv: columns }, asker), 'rejections', asOf);
    });
}
