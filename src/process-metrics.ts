import { collectDefaultMetrics, Registry } from 'prom-client';

/**
 * CPU, memory, event loop and garbage collection, under the names that the usual dashboards for Node know. To be called
 * once in a process: what the library begins to watch it watches until the process ends.
 */
export function createProcessMetrics(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return registry;
}
