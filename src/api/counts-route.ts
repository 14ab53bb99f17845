import type { FastifyInstance } from 'fastify';
import { countsView } from './counts-view.ts';
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

export function registerCounts(app: FastifyInstance, parts: ApiParts): void {
  app.get('/api/v1/counts', { schema: { querystring: NO_QUERY, response: { 200: answer } } }, async () =>
    countsView(parts.site, parts.appNames, parts.now()),
  );
}
