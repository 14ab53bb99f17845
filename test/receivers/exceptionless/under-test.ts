import type { AddressInfo } from 'node:net';
import { fastify } from 'fastify';
import { createExceptionlessReceiver } from '../../../receivers/exceptionless/exceptionless.ts';
import { partsUnderTest, type ReceiverUnderTest } from '../receivers-under-test.ts';

export async function receiverUnderTest(): Promise<ReceiverUnderTest> {
  const receiver = createExceptionlessReceiver(partsUnderTest('exceptionless'));
  const app = fastify();
  receiver.routes(app);
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;
  return {
    receiver,
    provoke: async () => {
      await fetch(`http://127.0.0.1:${port}/api/v2/events/session/heartbeat?id=anna&close=false`);
    },
    dispose: async () => {
      await receiver.stop();
      await app.close();
    },
  };
}
