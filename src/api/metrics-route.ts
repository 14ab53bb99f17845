import type { FastifyInstance } from 'fastify';
import { Registry } from 'prom-client';
import type { ReceiverStats } from '../core/receiver.ts';
import { createMetrics } from './metrics.ts';
import type { ApiParts } from './parts.ts';
import { text } from './schemas.ts';

const description = {
  summary: 'Numbers for Prometheus',
  response: {
    200: {
      description: 'what came in, what is open, how far each sink is; never a user',
      content: { 'text/plain': { schema: text } },
    },
  },
};

/** For Prometheus. `httpStats`: of the one receiver that the API itself holds. */
export function registerMetrics(app: FastifyInstance, parts: ApiParts, httpStats: () => ReceiverStats): void {
  const own = createMetrics(parts, () => [...parts.receivers(), httpStats()]);
  const registry = parts.processMetrics === null ? own : Registry.merge([own, parts.processMetrics]);
  app.get('/metrics', { schema: description }, async (_request, reply) =>
    reply.type(registry.contentType).send(await registry.metrics()),
  );
}
