import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { KINDS } from '../contract/event.ts';
import { eventItem, eventsPage } from '../journal/read/answers.ts';
import { askerOf } from './access/asker.ts';
import { columnsOf, csvAnswer, format, pageAnswer, wantsCsv } from './csv-answer.ts';
import { filterParameters, filtersOf } from './filters.ts';
import type { ApiParts } from './parts.ts';
import { query, type SchemaTypes, sendJson } from './schemas.ts';
import type { SharedAnswers } from './shared-answers.ts';

const description = {
  summary: 'Events, newest first',
  querystring: query({ kind: z.enum(KINDS).optional(), ...filterParameters, format }),
  response: { 200: pageAnswer(eventsPage, 'a page of events') },
};

const columns = columnsOf(eventItem);

export function registerEvents(app: FastifyInstance, { ask, now }: ApiParts, answers: SharedAnswers): void {
  app
    .withTypeProvider<SchemaTypes>()
    .get('/api/v1/events', { schema: description }, async (request, reply) => {
      const { query } = request;
      const question = { ask: 'events', filters: { ...filtersOf(query), kind: query.kind ?? null } } as const;
      reply.header('vary', 'accept');
      const asker = askerOf(request, reply);
      if (!wantsCsv(request)) return sendJson(reply, await answers.to(question, request, asker));
      return csvAnswer(request, reply, await ask({ ...question, csv: columns }, asker), 'events', now());
    });
}
