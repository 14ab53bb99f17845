import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach } from 'vitest';
import { tcpSchema } from '../../../receivers/tcp/tcp.schema.ts';
import { createTcpReceiver } from '../../../receivers/tcp/tcp.ts';
import {
  partsUnderTest,
  portOf,
  type ReceiverUnderTest,
  RecordingIntake,
  recordingLog,
  until,
} from '../receivers-under-test.ts';

const toClose: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of toClose.splice(0)) await close();
});

/** On a free port; stopped after the test. */
export async function startReceiver(config: object = {}, log = recordingLog().log, lookAgainMs?: number) {
  const settings = tcpSchema.parse({ type: 'tcp', port: 0, ...config });
  const receiver = createTcpReceiver(settings, partsUnderTest('tcp', log, lookAgainMs));
  const intake = new RecordingIntake();
  toClose.push(() => receiver.stop());
  await receiver.start(intake);
  return { receiver, intake, port: portOf(receiver) };
}

/** Errors are the receiver's way to end a connection; tests look at `closed`. */
export async function openClient(port: number, from?: string): Promise<Socket> {
  const client = closedAfterwards(
    connect({
      port,
      host: '127.0.0.1',
      noDelay: true,
      ...(from === undefined ? {} : { localAddress: from }),
    }),
  );
  await once(client, 'connect');
  return client;
}

/** Resolves when the connection is gone, in whatever way: bytes that were not read make it a reset. */
export function gone(client: Socket): Promise<void> {
  return new Promise((resolve) => client.once('close', () => resolve()));
}

export function closedAfterwards<T extends Socket>(client: T): T {
  client.on('error', () => {});
  toClose.push(() => client.destroy());
  return client;
}

/** What was sent to other receivers before has arrived once this resolves. */
export async function roundThroughAnother(): Promise<void> {
  const { intake, port } = await startReceiver();
  (await openClient(port)).end('later\n');
  await until(() => intake.messages.length === 1);
}

export async function receiverUnderTest(): Promise<ReceiverUnderTest> {
  const config = tcpSchema.parse({ type: 'tcp', port: 0 });
  const receiver = createTcpReceiver(config, partsUnderTest('tcp'));
  let port = 0;
  return {
    receiver,
    provoke: async () => {
      port = portOf(receiver) || port;
      const client = connect({ port, host: '127.0.0.1' });
      // Nobody may listen any more.
      const left = gone(client.on('error', () => {}));
      client.end('hello\n');
      await Promise.race([once(client, 'connect').catch(() => {}), left]);
    },
    dispose: () => receiver.stop(),
  };
}
