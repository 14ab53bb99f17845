import type { FastifyInstance } from 'fastify';
import type { CurrentCounts } from './current-counts.ts';
import { isMatch } from './entity-tag.ts';
import type { ApiParts } from './parts.ts';
import { integer, NO_QUERY, number, object, text } from './schemas.ts';

const totals = object({ last5s: integer, last1m: integer, last1h: integer, total: integer });
const open = { sessions: integer, users: integer, connections: integer };

const answer = object({
  asOf: text,
  since: text,
  quality: text,
  reasons: { type: 'array', items: text },
  active: object({ ...open, connectedUsers: integer }),
  created: totals,
  destroyed: totals,
  rejected: totals,
  averageDurationSeconds: { ...number, nullable: true },
  hosts: { type: 'array', items: object({ host: text, ...open, quality: text }) },
  virtualProxies: { type: 'array', items: object({ virtualProxy: text, ...open }) },
  apps: {
    type: 'array',
    items: object({
      appId: text,
      appName: { ...text, nullable: true },
      connections: integer,
      users: integer,
    }),
  },
});

const description = {
  summary: 'Who is on right now, in numbers',
  description: 'Has an ETag, which changes with everything but asOf.',
  querystring: NO_QUERY,
  response: {
    200: { ...answer, description: 'the numbers, and how right they are' },
    304: { type: 'null', description: 'nothing has changed but the time of the answer' },
  },
} as const;

export function registerCounts(app: FastifyInstance, { now }: ApiParts, counts: CurrentCounts): void {
  app.get('/api/v1/counts', { schema: description }, async (request, reply) => {
    const { json, tag } = counts.at(now());
    // No user is named here, so whoever asks may keep it, if only to ask whether it still holds.
    reply.headers({ etag: tag, 'cache-control': 'private, no-cache' });
    if (isMatch(request.headers['if-none-match'], tag)) return reply.code(304).send();
    return reply.type('application/json; charset=utf-8').send(json);
  });
}
