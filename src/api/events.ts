import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { eventOrder } from '../centres/orders.ts';
import { KINDS } from '../contract/event.ts';
import { eventItem, eventsPage } from '../journal/read/answers.ts';
import { askerOf } from './access/asker.ts';
import { isOfCentre } from './access/centre-questions.ts';
import { allPages, centresOf, own, refuseMerged } from './centres/all-pages.ts';
import { sendPage } from './centres/send-page.ts';
import { columnsOf, csvAnswer, format, pageAnswer, wantsCsv } from './csv-answer.ts';
import { filterParameters, filtersOf, sharedCursor } from './filters.ts';
import type { ApiParts } from './parts.ts';
import { query, type SchemaTypes, sendJson } from './schemas.ts';
import type { SharedAnswers } from './shared-answers.ts';

const description = {
  summary: 'Events, newest first',
  querystring: query({
    kind: z.enum(KINDS).optional(),
    ...filterParameters,
    cursor: sharedCursor,
    own,
    format,
  }),
  response: { 200: pageAnswer(eventsPage, 'a page of events') },
};

const columns = columnsOf(eventItem);

export function registerEvents(
  app: FastifyInstance,
  { ask, now, centres }: ApiParts,
  answers: SharedAnswers,
): void {
  app
    .withTypeProvider<SchemaTypes>()
    .get('/api/v1/events', { schema: description }, async (request, reply) => {
      const { query } = request;
      const all = centresOf(centres, request);
      if (all !== null) {
        const { pages: _, carried: _carried, ...page } = await allPages(all, request, eventsPage, eventOrder);
        return sendPage(request, reply, page, { items: page.items, columns, what: 'events', now: now() });
      }
      refuseMerged(query.cursor);
      const filters = { ...filtersOf(query), kind: query.kind ?? null, withCursors: isOfCentre() };
      const question = { ask: 'events', filters } as const;
      reply.header('vary', 'accept');
      const asker = askerOf(request, reply);
      if (!wantsCsv(request)) return sendJson(reply, await answers.to(question, request, asker));
      return csvAnswer(request, reply, await ask({ ...question, csv: columns }, asker), 'events', now());
    });
}
