import type { FastifyInstance } from 'fastify';
import { Registry } from 'prom-client';
import type { ReceiverStats } from '../core/receiver.ts';
import { createMetrics } from './metrics.ts';
import type { ApiParts } from './parts.ts';

/** For Prometheus. `httpStats`: of the one receiver that the API itself holds. */
export function registerMetrics(app: FastifyInstance, parts: ApiParts, httpStats: () => ReceiverStats): void {
  const own = createMetrics(parts, () => [...parts.receivers(), httpStats()]);
  const registry = parts.processMetrics === null ? own : Registry.merge([own, parts.processMetrics]);
  app.get('/metrics', async (_request, reply) =>
    reply.type(registry.contentType).send(await registry.metrics()),
  );
}
