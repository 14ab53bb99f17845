import type { AddressInfo } from 'node:net';
import { fastify } from 'fastify';

/**
 * The yardstick for what clients of Exceptionless send: Fastify, which reads the JSON, and closes the
 * connections of what is no post. It says on which port, and then of each post that it has come.
 */

process.once('disconnect', () => process.exit(0));
const app = fastify({ bodyLimit: 4_194_304 });
app.post('/*', async (_request, reply) => {
  process.send?.('posted');
  return reply.code(202).header('x-exceptionless-configversion', '1').send();
});
app.get('/*', async (_request, reply) => reply.header('connection', 'close').send());
await app.listen({ port: 0, host: '127.0.0.1' });
process.send?.((app.server.address() as AddressInfo).port);
