import { type FastifyBaseLogger, type FastifyInstance, fastify, LogController } from 'fastify';
import { registerHttpReceiver } from '../../receivers/http.ts';
import { requireTokens } from './access.ts';
import { answerBrokenRequest } from './broken-request.ts';
import { registerCounts } from './counts-route.ts';
import { CurrentCounts } from './current-counts.ts';
import { answerError, nothingAt } from './errors.ts';
import { refuseForeignPages } from './foreign-pages.ts';
import { registerHealth } from './health-routes.ts';
import { registerHistory } from './history-routes.ts';
import { registerIngest } from './ingest-route.ts';
import { API_LIMITS, type ApiLimits } from './limits.ts';
import { registerMetrics } from './metrics-route.ts';
import { describeRoutes, registerOpenApi } from './openapi.ts';
import { refuseOtherMethods } from './other-methods.ts';
import { registerPage } from './page-route.ts';
import type { ApiParts } from './parts.ts';
import { schemaProblem } from './schemas.ts';
import { secure } from './security-headers.ts';
import { registerStream } from './stream-route.ts';

/** Builds the HTTP API, HTTP receiver included. Never listens. */
export function createApi(
  parts: ApiParts,
  logger?: FastifyBaseLogger,
  limits: ApiLimits = API_LIMITS,
): FastifyInstance {
  const { requestTimeoutMs } = limits;
  const app = fastify({
    requestTimeout: requestTimeoutMs,
    connectionTimeout: limits.connectionTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    // Node swaps the two time-outs where that for the headers is the longer one.
    http: { headersTimeout: requestTimeoutMs, connectionsCheckingInterval: Math.ceil(requestTimeoutMs / 2) },
    clientErrorHandler: answerBrokenRequest,
    logController: new LogController({ disableRequestLogging: true }),
    ajv: { customOptions: { removeAdditional: false, coerceTypes: true } },
    schemaErrorFormatter: schemaProblem,
    frameworkErrors: answerError,
    // Where it listens is said elsewhere.
    ...(logger === undefined ? {} : { loggerInstance: logger.child({}, { level: 'warn' }) }),
  });
  app.setErrorHandler(answerError);
  app.addHook('onRequest', async (_request, reply) => {
    secure(reply);
  });
  refuseForeignPages(app, parts);
  requireTokens(app, parts);
  app.addHook('onRequest', async (request) => {
    if (request.is404) throw nothingAt(request);
  });
  const refuseOthers = refuseOtherMethods(app);
  describeRoutes(app, parts);
  // As a plugin, so that it comes after the one that describes.
  app.register(async (scope) => registerRoutes(scope, parts));
  refuseOthers();
  return app;
}

function registerRoutes(app: FastifyInstance, parts: ApiParts): void {
  const { intake, now } = parts;
  const full = () => parts.journalFull() || parts.journalTrouble() !== null;
  const httpStats = registerHttpReceiver(app, { intake, now, full });
  const counts = new CurrentCounts(parts.site, parts.appNames);
  registerCounts(app, parts, counts);
  registerHistory(app, parts);
  registerStream(app, parts, counts);
  registerIngest(app, parts, httpStats);
  registerHealth(app, parts);
  registerMetrics(app, parts, httpStats);
  registerOpenApi(app);
  registerPage(app, parts);
}
