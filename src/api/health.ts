import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { errorAnswer, errorBody } from './errors.ts';
import type { ApiParts } from './parts.ts';
import { answer, type SchemaTypes } from './schemas.ts';

const sink = z.object({
  name: z.string(),
  up: z.boolean(),
  lagSeconds: z.number(),
  lastError: z.string().nullable(),
  databaseTables: z
    .array(z.object({ name: z.string(), suspended: z.boolean(), walPendingRows: z.int() }))
    .optional()
    .describe('only of a sink whose database can say so'),
});

const readiness = z.object({
  status: z.string(),
  detail: z.object({
    reason: z.string().nullable(),
    journalTrouble: z.string().nullable(),
    sinks: z.array(sink),
    version: z.string(),
  }),
});

const alive = {
  summary: 'Whether Headcount is alive',
  response: { 200: answer(z.object({ status: z.string() }), 'it is') },
};
const ready = {
  summary: 'Whether Headcount listens with its journal open',
  response: {
    200: answer(readiness, 'it is ready'),
    503: answer(z.object({ ...readiness.shape, ...errorAnswer.shape }), 'it is not, and why'),
  },
};

/** For supervisors: is it alive, and can it take messages. */
export function registerHealth(app: FastifyInstance, parts: ApiParts): void {
  const routes = app.withTypeProvider<SchemaTypes>();
  routes.get('/healthz', { schema: alive }, async () => ({ status: 'ok' }));
  routes.get('/readyz', { schema: ready }, async (_request, reply) => {
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
