import type { FastifyInstance } from 'fastify';
import { errorBody } from './errors.ts';
import type { ApiParts } from './parts.ts';

/** For supervisors: is it alive, and can it take messages. */
export function registerHealth(app: FastifyInstance, parts: ApiParts): void {
  app.get('/healthz', async () => ({ status: 'ok' }));
  app.get('/readyz', async (_request, reply) => {
    const reason = parts.notReady();
    const sinks = parts.sinks().map(({ name, up, lagSeconds, lastError, databaseTables }) => {
      return { name, up, lagSeconds, lastError, databaseTables };
    });
    // A sink that is away is no reason to send messages elsewhere: they are kept for it.
    const detail = { reason, journalTrouble: parts.journalTrouble(), sinks, version: parts.version };
    if (reason === null) return { status: 'ok', detail };
    return reply.code(503).send({ status: 'unavailable', detail, ...errorBody(503, reason) });
  });
}
