import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { oneSession, sessionItem, sessionsPage } from '../journal/read/answers.ts';
import { columnsOf, csvAnswer, format, pageAnswer, wantsCsv } from './csv-answer.ts';
import { ApiError } from './errors.ts';
import { filterParameters, filtersOf, moment, timeOf, userClass } from './filters.ts';
import type { ApiParts } from './parts.ts';
import { answer, jsonSchema, NO_QUERY, query, type SchemaTypes, sendJson } from './schemas.ts';

const pageDescription = {
  summary: 'Sessions, newest first',
  querystring: query({
    active: z.boolean().optional().describe('open ones, or those that have ended'),
    ...filterParameters,
    at: moment.describe('those open at this moment: ISO 8601 with a zone'),
    class: userClass,
    doubtful: z
      .boolean()
      .optional()
      .describe('open ones of which no sign of life came since lines were lost, or the others'),
    format,
  }),
  response: { 200: pageAnswer(sessionsPage, 'a page of sessions') },
};

const oneDescription = {
  summary: 'One session with its connections and events',
  params: jsonSchema(z.object({ id: z.string() })),
  querystring: NO_QUERY,
  response: { 200: answer(oneSession, 'the session, its latest 1,000 connections and events') },
};

const columns = columnsOf(sessionItem);

export function registerSessions(app: FastifyInstance, { ask, now, site }: ApiParts): void {
  const routes = app.withTypeProvider<SchemaTypes>();
  routes.get('/api/v1/sessions', { schema: pageDescription }, async (request, reply) => {
    const { query } = request;
    const asOf = now();
    const { active = null, doubtful = null } = query;
    if (doubtful !== null && active === false) {
      throw new ApiError(400, 'doubtful: only open sessions are, so not together with active=false');
    }
    const filters = {
      ...filtersOf(query),
      active: doubtful === null ? active : true,
      at: timeOf('at', query.at),
      class: query.class ?? null,
      doubtful,
    };
    const asked = filters.at ?? (filters.active === true ? asOf : null);
    const moment = asked === null ? null : site.qualityOf(asked, asOf, filters.host);
    const question = { ask: 'sessions', filters, now: asOf, moment } as const;
    reply.header('vary', 'accept');
    if (!wantsCsv(request)) return sendJson(reply, await ask(question));
    return csvAnswer(request, reply, await ask({ ...question, csv: columns }), 'sessions', asOf);
  });
  routes.get('/api/v1/sessions/:id', { schema: oneDescription }, async ({ params }, reply) => {
    const session = await ask({ ask: 'session', id: params.id, now: now() });
    if (session === null) throw new ApiError(404, 'no such session');
    return sendJson(reply, session);
  });
}
