import type { FastifyInstance } from 'fastify';
import { ApiError } from './errors.ts';

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
