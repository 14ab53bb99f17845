import { type FastifyBaseLogger, type FastifyInstance, fastify, LogController } from 'fastify';
import { registerHttpReceiver } from '../../receivers/http.ts';
import { registerCounts } from './counts-route.ts';
import { countsView } from './counts-view.ts';
import { answerError, nothingAt } from './errors.ts';
import { registerHealth } from './health-routes.ts';
import { registerHistory } from './history-routes.ts';
import { registerIngest } from './ingest-route.ts';
import { registerMetrics } from './metrics-route.ts';
import { refuseOtherMethods } from './other-methods.ts';
import { PAGE_POLICY, page } from './page.ts';
import type { ApiParts } from './parts.ts';
import { schemaProblem } from './schemas.ts';
import { secure } from './security-headers.ts';

const BODY_LIMIT_BYTES = 4 * 1_048_576;
/** For one whole request to come in. */
const REQUEST_TIMEOUT_MS = 30_000;
/** For a connection on which nothing moves, an answer in the making included. */
const CONNECTION_TIMEOUT_MS = 120_000;
/** Longer than the idle time of the usual reverse proxies, so that they close first. */
const KEEP_ALIVE_TIMEOUT_MS = 75_000;

/** Builds the HTTP API, HTTP receiver included. Never listens. */
export function createApi(parts: ApiParts, logger?: FastifyBaseLogger): FastifyInstance {
  const app = fastify({
    bodyLimit: BODY_LIMIT_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    logController: new LogController({ disableRequestLogging: true }),
    ajv: { customOptions: { removeAdditional: false, coerceTypes: true } },
    schemaErrorFormatter: schemaProblem,
    frameworkErrors: answerError,
    // Where it listens is said elsewhere.
    ...(logger === undefined ? {} : { loggerInstance: logger.child({}, { level: 'warn' }) }),
  });
  app.setErrorHandler(answerError);
  app.addHook('onRequest', async (request, reply) => {
    secure(reply);
    if (request.is404) throw nothingAt(request);
  });
  const refuseOthers = refuseOtherMethods(app);
  const { intake, now } = parts;
  const full = () => parts.journalFull() || parts.journalTrouble() !== null;
  const httpStats = registerHttpReceiver(app, { intake, now, full });
  registerCounts(app, parts);
  registerHistory(app, parts);
  registerIngest(app, parts, httpStats);
  registerHealth(app, parts);
  registerMetrics(app, parts, httpStats);
  app.get('/', async (_request, reply) => {
    reply.header('content-security-policy', PAGE_POLICY).type('text/html; charset=utf-8');
    return page(countsView(parts.site, parts.appNames, now()), parts.version);
  });
  refuseOthers();
  return app;
}
