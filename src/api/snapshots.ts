import type { FastifyInstance } from 'fastify';
import { snapshotItem, snapshotsPage } from '../journal/read/answers.ts';
import { askerOf } from './access/asker.ts';
import { columnsOf, csvAnswer, format, pageAnswer, wantsCsv } from './csv-answer.ts';
import { filterParameters, filtersOf, moment } from './filters.ts';
import type { ApiParts } from './parts.ts';
import { query, type SchemaTypes, sendJson } from './schemas.ts';

const { host, virtualProxy, limit, cursor } = filterParameters;

const description = {
  summary: 'What proxy services said when they were asked who is on',
  description:
    'The last poll of each virtual proxy of each host; with `from` or `to` every poll, newest first.',
  querystring: query({
    host,
    virtualProxy,
    from: moment.describe('polls not before this time: ISO 8601 with a zone'),
    to: moment.describe('polls before this time: ISO 8601 with a zone'),
    limit,
    cursor,
    format,
  }),
  response: { 200: pageAnswer(snapshotsPage, 'a page of polls') },
};

const columns = columnsOf(snapshotItem);

export function registerSnapshots(app: FastifyInstance, { ask, now }: ApiParts): void {
  app
    .withTypeProvider<SchemaTypes>()
    .get('/api/v1/snapshots', { schema: description }, async (request, reply) => {
      const question = { ask: 'snapshots', filters: filtersOf(request.query) } as const;
      reply.header('vary', 'accept');
      const asker = askerOf(request, reply);
      if (!wantsCsv(request)) return sendJson(reply, await ask(question, asker));
      return csvAnswer(request, reply, await ask({ ...question, csv: columns }, asker), 'snapshots', now());
    });
}
