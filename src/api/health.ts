import type { FastifyInstance } from 'fastify';
import { errorBody } from './errors.ts';
import type { ApiParts } from './parts.ts';
import { flag, integer, list, nullable, number, object, text } from './schemas.ts';

const detail = object({
  reason: nullable(text),
  journalTrouble: nullable(text),
  sinks: list({
    ...object({ name: text, up: flag, lagSeconds: number, lastError: nullable(text) }),
    // Only of a sink whose database can say so.
    additionalProperties: true,
  }),
  version: text,
});

const alive = {
  summary: 'Whether Headcount is alive',
  response: { 200: { ...object({ status: text }), description: 'it is' } },
};
const ready = {
  summary: 'Whether Headcount listens with its journal open',
  response: {
    200: { ...object({ status: text, detail }), description: 'it is ready' },
    503: {
      ...object({ status: text, detail, statusCode: integer, error: text, message: text }),
      description: 'it is not, and why',
    },
  },
};

/** For supervisors: is it alive, and can it take messages. */
export function registerHealth(app: FastifyInstance, parts: ApiParts): void {
  app.get('/healthz', { schema: alive }, async () => ({ status: 'ok' }));
  app.get('/readyz', { schema: ready }, async (_request, reply) => {
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
