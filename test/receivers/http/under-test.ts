import type { AddressInfo } from 'node:net';
import { fastify } from 'fastify';
import { createHttpReceiver, httpSchema } from '../../../receivers/http/http.ts';
import { partsUnderTest, type ReceiverUnderTest } from '../receivers-under-test.ts';

export async function receiverUnderTest(): Promise<ReceiverUnderTest> {
  const receiver = createHttpReceiver(httpSchema.parse({ type: 'http' }), partsUnderTest('http'));
  const app = fastify();
  receiver.routes(app);
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;
  return {
    receiver,
    provoke: async () => {
      const body = JSON.stringify([{ type: 'heartbeat' }]);
      const headers = { 'content-type': 'application/json' };
      await fetch(`http://127.0.0.1:${port}/api/v1/events`, { method: 'POST', headers, body });
    },
    dispose: async () => {
      await receiver.stop();
      await app.close();
    },
  };
}
