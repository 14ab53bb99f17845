import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { SinkStats } from '../contract/sink.ts';
import { mayRead } from './access/access.ts';
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
  routes.get('/readyz', { schema: ready }, async ({ headers }, reply) => {
    const isTold = mayRead(headers.authorization, parts.tokens());
    const detail = isTold ? detailOf(parts) : wordsForStrangers(detailOf(parts));
    const { reason } = detail;
    if (reason === null) return { status: 'ok', detail };
    return reply.code(503).send({ status: 'unavailable', detail, ...errorBody(503, reason) });
  });
}

type Detail = z.output<typeof readiness>['detail'];

/** A sink that is away is no reason to send messages elsewhere: they are kept for it. */
function detailOf(parts: ApiParts): Detail {
  const of = ({ name, up, lagSeconds, lastError, databaseTables }: SinkStats) => {
    const tables = databaseTables === undefined ? {} : { databaseTables: [...databaseTables] };
    return { name, up, lagSeconds, lastError, ...tables };
  };
  const { version } = parts;
  return {
    reason: parts.notReady(),
    journalTrouble: parts.journalTrouble(),
    sinks: parts.sinks().map(of),
    version,
  };
}

const ASK_WITH_TOKEN = 'failing; with a token of the scope "read" this says why';
/** What nobody can have written into an error. */
const NEUTRAL: ReadonlySet<string> = new Set(['starting', 'stopping']);

/** Errors of databases and of the disk repeat addresses, paths, names of users, and pieces of rows. */
function wordsForStrangers({ reason, journalTrouble, sinks, version }: Detail): Detail {
  return {
    reason: reason === null || NEUTRAL.has(reason) ? reason : 'failed',
    journalTrouble: journalTrouble === null ? null : ASK_WITH_TOKEN,
    sinks: sinks.map(({ name, up, lagSeconds, lastError }) => {
      return { name, up, lagSeconds, lastError: lastError === null ? null : ASK_WITH_TOKEN };
    }),
    version,
  };
}
