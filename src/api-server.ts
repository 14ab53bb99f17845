import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { bindPlace } from '../receivers/bind-place.ts';
import { hostAndPort } from './core/host.ts';

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
