import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { fastify } from 'fastify';

/** The yardstick for routes: Fastify with one route that answers with the object it is told. It says on which port. */

process.once('disconnect', () => process.exit(0));
const [body] = (await once(process, 'message')) as [object];
const app = fastify();
app.get('/', async () => body);
await app.listen({ port: 0, host: '127.0.0.1' });
process.send?.((app.server.address() as AddressInfo).port);
