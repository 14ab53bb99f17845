import type { FastifyInstance } from 'fastify';
import { impact, impactItem } from '../journal/read/answers.ts';
import { APPLICATION_TIMES } from '../sessions/time-outs.ts';
import { askerOf } from './access/asker.ts';
import { columnsOf, csvAnswer, format, pageAnswer, wantsCsv } from './csv-answer.ts';
import { filterParameters, filtersOf } from './filters.ts';
import type { ApiParts } from './parts.ts';
import { query, type SchemaTypes, sendJson } from './schemas.ts';
import type { SharedAnswers } from './shared-answers.ts';

const { host, virtualProxy, limit, cursor } = filterParameters;

const description = {
  summary: 'Who is hit if a host or a virtual proxy stops now',
  querystring: query({ host, virtualProxy, limit, cursor, format }),
  response: { 200: pageAnswer(impact, 'a summary, and the sessions, newest first') },
};

const columns = columnsOf(impactItem);

export function registerImpact(
  app: FastifyInstance,
  { ask, now, site }: ApiParts,
  answers: SharedAnswers,
): void {
  app
    .withTypeProvider<SchemaTypes>()
    .get('/api/v1/impact', { schema: description }, async (request, reply) => {
      const asOf = now();
      const filters = filtersOf(request.query);
      const { quality, downtimes } = site;
      // Without what cannot go to another thread.
      const { classOf: _, applicationTimesOf, ...settings } = site.settings;
      const applications = [...site.identities.hosts.values()].filter(({ isApplication }) => isApplication);
      const timeOuts = applications.map(({ name }): [string, number] => {
        return [name, (applicationTimesOf?.(name) ?? APPLICATION_TIMES).timeoutMs];
      });
      const node = filters.host === null ? undefined : site.identities.hosts.get(filters.host);
      const question = {
        ask: 'impact',
        filters,
        quality: node === undefined ? quality.at(asOf) : quality.ofHost(node, asOf),
        settings,
        applicationTimeOuts: new Map(timeOuts),
        downtimes: downtimes.list,
        now: asOf,
      } as const;
      reply.header('vary', 'accept');
      const asker = askerOf(request, reply);
      if (!wantsCsv(request)) return sendJson(reply, await answers.to(question, request, asker));
      return csvAnswer(request, reply, await ask({ ...question, csv: columns }, asker), 'impact', asOf);
    });
}
