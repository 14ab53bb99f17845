import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { IsCrowded } from './connection-limits.ts';

/**
 * What a browser asks for before it hands a page of another origin an answer, errors included, and before it lets that page send a token
 * (https://fetch.spec.whatwg.org/#http-cors-protocol). Any origin: no cookie is read here, and who sends needs a token.
 */
const CORS = {
  'access-control-allow-origin': '*',
  'access-control-allow-headers': 'authorization, content-type, user-agent, x-exceptionless-client',
  'access-control-allow-methods': 'GET, POST, OPTIONS',
  'access-control-expose-headers': 'x-exceptionless-configversion',
  'access-control-max-age': '7200',
} as const;

/** Whether programs on pages of any origin send to the route of a request. */
export function isForPagesElsewhere({ routeOptions }: Pick<FastifyRequest, 'routeOptions'>): boolean {
  return routeOptions.config?.isForPagesElsewhere === true;
}

/**
 * To be called before anything may be refused. Each of many clients has a connection of its own, which it would keep from one
 * minute to the next: where places get few it is closed after the answer.
 */
export function letPagesElsewhereRead(app: FastifyInstance, isCrowded: IsCrowded): void {
  app.addHook('onRequest', async (request, reply) => {
    if (!isForPagesElsewhere(request)) return;
    reply.headers(CORS);
    if (isCrowded(request.ip)) reply.header('connection', 'close');
  });
}

/** What clients of Exceptionless ask for: below another place than the root, or with a slash too many, where they were told so. */
const ASKED = /\/api\/v2\/(?:events|projects)(?:\/|$)/;

/** The URL as the routes have it. */
export function plainUrl(url: string): string {
  const [path = ''] = url.split(/[?#]/, 1);
  const at = path.search(ASKED);
  return at > 0 ? url.slice(at) : url;
}
