import type { FastifyInstance } from 'fastify';
import { hostOfApplication } from '../../contract/host.ts';
import { applicationItem, applications } from '../../journal/read/answers.ts';
import { askerOf } from '../access/asker.ts';
import { columnsOf, csvAnswer, csvOrJson, format, wantsCsv } from '../csv-answer.ts';
import { filterParameters, moment, partOf, rangeOf } from '../filters.ts';
import type { ApiParts } from '../parts.ts';
import { query, type SchemaTypes, sendJson } from '../schemas.ts';
import type { SharedAnswers } from '../shared-answers.ts';

const USUAL_MS = 86_400_000;

const { host, virtualProxy } = filterParameters;

const description = {
  summary: 'Sessions of applications in a range, in numbers: of all of them, and of each',
  querystring: query({
    from: moment.describe('ISO 8601 with a zone; 24 hours before to unless given'),
    to: moment.describe('ISO 8601 with a zone; now unless given'),
    host: host.describe('an application, by the name of its token'),
    virtualProxy,
    format,
  }),
  response: { 200: csvOrJson(applications, 'the numbers; as CSV, those of each application') },
};

const columns = columnsOf(applicationItem);

export function registerApplications(
  app: FastifyInstance,
  { ask, now, tokens }: ApiParts,
  answers: SharedAnswers,
): void {
  app
    .withTypeProvider<SchemaTypes>()
    .get('/api/v1/applications', { schema: description }, async (request, reply) => {
      const { query } = request;
      const asOf = now();
      const { host, virtualProxy } = partOf(query);
      const names = tokens().flatMap(({ name, application }): [string, string][] =>
        application?.name == null ? [] : [[hostOfApplication(name), application.name]],
      );
      const question = {
        ask: 'applications',
        ...rangeOf(query, asOf, USUAL_MS),
        // Those who ask up to now may share an answer.
        ...(query.to === undefined ? { to: null } : {}),
        ...{ host, virtualProxy, names },
        now: asOf,
      } as const;
      reply.header('vary', 'accept');
      const asker = askerOf(request, reply);
      if (!wantsCsv(request)) return sendJson(reply, await answers.to(question, request, asker));
      return csvAnswer(request, reply, await ask({ ...question, csv: columns }, asker), 'applications', asOf);
    });
}
