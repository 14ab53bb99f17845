import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { type FastifyBaseLogger, type FastifyInstance, fastify, LogController } from 'fastify';
import { bindPlace } from '../../receivers/listen.ts';
import { hostAndPort } from '../contract/host.ts';
import { requireTokens } from './access/access.ts';
import { MOST_CONNECTIONS, MOST_CONNECTIONS_PER_ADDRESS } from './access/api.schema.ts';
import { type ConnectionLimits, limitConnections } from './access/connection-limits.ts';
import { refuseForeignPages } from './access/foreign-pages.ts';
import { letPagesElsewhereRead, plainUrl } from './access/pages-elsewhere.ts';
import { registerAround } from './around.ts';
import { ownAnswers } from './centres/own-answers.ts';
import { sayWhatIsPartial } from './centres/own-only.ts';
import { registerApplications } from './counts/applications.ts';
import { registerApps } from './counts/apps.ts';
import { registerCounts } from './counts/counts.ts';
import { CountsNow } from './counts/counts-now.ts';
import { ApiError, answerBrokenRequest, answerError, nothingAt, schemaProblem, secure } from './errors.ts';
import { registerEvents } from './events.ts';
import { registerHealth } from './health.ts';
import { registerHosts } from './hosts.ts';
import { registerImpact } from './impact.ts';
import { registerIngest } from './ingest.ts';
import { registerMetrics } from './metrics/metrics.ts';
import { describeRoutes, registerOpenApi } from './openapi.ts';
import { registerPage } from './page/page.ts';
import type { ApiParts } from './parts.ts';
import { registerPeaks } from './peaks.ts';
import { registerRejections } from './rejections.ts';
import { registerSeries } from './series.ts';
import { registerSessions } from './sessions.ts';
import { SharedAnswers } from './shared-answers.ts';
import { registerSnapshots } from './snapshots.ts';
import { registerStream } from './stream/stream.ts';

/** Builds the HTTP API, with the routes of receivers that it serves. Never listens. */
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
    rewriteUrl: ({ url = '/' }) => plainUrl(url),
    // Where it listens is said elsewhere.
    ...(logger === undefined ? {} : { loggerInstance: logger.child({}, { level: 'warn' }) }),
  });
  const isCrowded = limitConnections(app.server, limits, (reason, address) =>
    parts.trouble(`api: connection refused, ${reason}`, address),
  );
  app.setErrorHandler(answerError);
  app.addHook('onRequest', async (_request, reply) => {
    secure(reply);
  });
  letPagesElsewhereRead(app, isCrowded);
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
  for (const receiver of parts.receivers) receiver.routes?.(app);
  parts.centres?.serve(ownAnswers(app, parts));
  sayWhatIsPartial(app, parts.centres);
  const counts = new CountsNow(parts);
  const answers = new SharedAnswers(parts);
  registerCounts(app, parts, counts);
  registerApps(app, parts);
  registerApplications(app, parts, answers);
  registerSessions(app, parts, answers);
  registerEvents(app, parts, answers);
  registerSeries(app, parts, answers);
  registerSnapshots(app, parts);
  registerPeaks(app, parts, answers);
  registerImpact(app, parts, answers);
  registerRejections(app, parts, answers);
  registerAround(app, parts, answers);
  registerStream(app, parts, counts);
  registerIngest(app, parts);
  registerHosts(app, parts);
  registerHealth(app, parts);
  registerMetrics(app, parts);
  registerOpenApi(app);
  registerPage(app);
}

/** How long a client may take, in milliseconds, and how many connections there may be. */
export interface ApiLimits extends ConnectionLimits {
  /** For one whole request to come in. */
  readonly requestTimeoutMs: number;
  /** For a connection on which nothing moves, an answer in the making included. */
  readonly connectionTimeoutMs: number;
  /** Longer than the idle time of the usual reverse proxies, so that they close first. */
  readonly keepAliveTimeoutMs: number;
}

export const API_LIMITS: ApiLimits = {
  requestTimeoutMs: 30_000,
  connectionTimeoutMs: 120_000,
  keepAliveTimeoutMs: 75_000,
  maxConnections: MOST_CONNECTIONS,
  maxConnectionsPerAddress: MOST_CONNECTIONS_PER_ADDRESS,
};

/**
 * Makes a method that a path does not have a 405 that names those it has. To be called before the routes;
 * what it returns, after them.
 */
export function refuseOtherMethods(app: FastifyInstance): () => void {
  const methodsOf = new Map<string, Set<string>>();
  app.addHook('onRoute', ({ url, method }) => {
    const methods = methodsOf.get(url) ?? new Set();
    methodsOf.set(url, methods);
    for (const each of [method].flat()) methods.add(each);
  });
  return () => {
    // As a plugin, so that those registered before it have added their routes.
    app.register(async (scope) => {
      for (const [url, methods] of [...methodsOf]) refuse(scope, url, [...methods].sort());
    });
  };
}

function refuse(app: FastifyInstance, url: string, allowed: readonly string[]): void {
  const allow = allowed.join(', ');
  app.route({
    url,
    method: app.supportedMethods.filter((method) => !allowed.includes(method)),
    schema: { hide: true },
    // Before the body is looked at.
    onRequest: async (_request, reply) => {
      reply.header('allow', allow);
      throw new ApiError(405, `this path knows only ${allow}`);
    },
    handler: async () => null,
  });
}

const CLOSE_MS = 1_000;

/**
 * Listens, and answers the URL. Not by Fastify's own `listen`: that asks which interfaces there are, and where it is not
 * told it never returns.
 */
export async function listenApi(
  app: FastifyInstance,
  place: { host: string; port: number },
): Promise<string> {
  await app.ready();
  const { server } = app;
  await bindPlace('api', place, async (host) => {
    server.listen({ host, port: place.port });
    await once(server, 'listening');
  });
  const { address, port } = server.address() as AddressInfo;
  return `http://${hostAndPort(address, port)}`;
}

/** Requests under way get their answer; one that is never finished must not hold up the rest. */
export async function closeApi(app: FastifyInstance): Promise<void> {
  const late = setTimeout(() => app.server.closeAllConnections(), CLOSE_MS);
  await app.close();
  clearTimeout(late);
}
