import type { FastifyInstance } from 'fastify';
import { askerOf } from '../access/asker.ts';
import { AllCounts } from '../centres/all-counts.ts';
import { centresOf, own } from '../centres/all-pages.ts';
import { moment, partOf, partParameters, timeOf, userClass } from '../filters.ts';
import type { ApiParts } from '../parts.ts';
import { answer, query, type Schema, type SchemaTypes, sendJson } from '../schemas.ts';
import { countsAnswer } from './counts-answer.ts';
import { answerOf, type CountsNow } from './counts-now.ts';
import { isMatch } from './current-counts.ts';
import { partView } from './part-view.ts';

/** Where nothing is sent but the head. */
const NOTHING: Schema<undefined> = { type: 'null' };

const description = {
  summary: 'Who is on, in numbers: right now or at a past moment',
  description:
    'host, virtualProxy and app, in any combination, ask for a part of the site: sessions on that host and virtual proxy that ' +
    'have that app open. What cannot be known of a part is null. Such numbers are made anew at most once a second. ' +
    'Has an ETag, which changes with everything but asOf.',
  querystring: query({
    ...partParameters,
    class: userClass.describe('leaves the others out of active'),
    own,
    at: moment.describe('a past moment, as it is known now: ISO 8601 with a zone; now unless given'),
  }),
  response: {
    200: answer(countsAnswer, 'the numbers, and how right they are'),
    304: { ...NOTHING, description: 'nothing has changed but the time of the answer' },
  },
};

export function registerCounts(app: FastifyInstance, parts: ApiParts, counts: CountsNow): void {
  const { now, centres } = parts;
  app
    .withTypeProvider<SchemaTypes>()
    .get('/api/v1/counts', { schema: description }, async (request, reply) => {
      const { class: only = null, at, own: _, ...names } = request.query;
      const all = centresOf(centres, request);
      const part = partOf(names);
      const moment = timeOf('at', at);
      const { json, tag } =
        moment === null
          ? await counts.of(part, only, all === null)
          : all !== null
            ? await new AllCounts(all).ofPart(part, only, moment, now())
            : answerOf(await partView(parts, part, moment, only, now(), askerOf(request, reply)));
      // No user is named here, so whoever asks may keep it, if only to ask whether it still holds.
      reply.headers({ etag: tag, 'cache-control': 'private, no-cache' });
      if (isMatch(request.headers['if-none-match'], tag)) return reply.code(304).send(undefined);
      return sendJson(reply, json);
    });
}
