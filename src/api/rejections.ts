import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { eventOrder } from '../centres/orders.ts';
import { REJECTION_REASONS } from '../contract/event.ts';
import { rejectionItem, rejectionsPage } from '../journal/read/answers.ts';
import { askerOf } from './access/asker.ts';
import { isOfCentre } from './access/centre-questions.ts';
import { allPages, centresOf, own, refuseMerged } from './centres/all-pages.ts';
import { sendPage } from './centres/send-page.ts';
import { columnsOf, csvAnswer, format, pageAnswer, wantsCsv } from './csv-answer.ts';
import { filterParameters, filtersOf, moment, sharedCursor } from './filters.ts';
import type { ApiParts } from './parts.ts';
import { query, type SchemaTypes, sendJson } from './schemas.ts';
import type { SharedAnswers } from './shared-answers.ts';

const { user, host } = filterParameters;

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
    cursor: sharedCursor,
    own,
    format,
  }),
  response: { 200: pageAnswer(rejectionsPage, 'a page of rejections') },
};

const columns = columnsOf(rejectionItem);

export function registerRejections(
  app: FastifyInstance,
  { ask, now, centres }: ApiParts,
  answers: SharedAnswers,
): void {
  app
    .withTypeProvider<SchemaTypes>()
    .get('/api/v1/rejections', { schema: description }, async (request, reply) => {
      const { reason = null, ...query } = request.query;
      const asOf = now();
      const all = centresOf(centres, request);
      if (all !== null) {
        const {
          pages: _,
          carried: _carried,
          ...page
        } = await allPages(all, request, rejectionsPage, eventOrder);
        return sendPage(request, reply, page, { items: page.items, columns, what: 'rejections', now: asOf });
      }
      refuseMerged(query.cursor);
      const withCursors = isOfCentre();
      const filters = { ...filtersOf(query), kind: 'session_rejected' as const, reason, withCursors };
      const question = { ask: 'rejections', filters, now: asOf } as const;
      reply.header('vary', 'accept');
      const asker = askerOf(request, reply);
      if (!wantsCsv(request)) return sendJson(reply, await answers.to(question, request, asker));
      return csvAnswer(request, reply, await ask({ ...question, csv: columns }, asker), 'rejections', asOf);
    });
}
