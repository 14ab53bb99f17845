import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach } from 'vitest';
import type { Lookup } from '../../../receivers/allow-list.ts';
import { createUdpReceiver, udpSchema } from '../../../receivers/udp/udp.ts';
import {
  partsUnderTest,
  portOf,
  type ReceiverUnderTest,
  RecordingIntake,
  recordingLog,
} from '../receivers-under-test.ts';

const toClose: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of toClose.splice(0)) await close();
});

/** On a free port; stopped after the test. */
export async function startReceiver(config: object = {}, log = recordingLog().log, lookup?: Lookup) {
  const settings = udpSchema.parse({ type: 'udp', port: 0, ...config });
  const receiver = createUdpReceiver(settings, partsUnderTest('udp', log), lookup);
  const intake = new RecordingIntake();
  toClose.push(() => receiver.stop());
  await receiver.start(intake);
  return { receiver, intake, port: portOf(receiver) };
}

export async function openSender(type: 'udp4' | 'udp6'): Promise<Socket> {
  const socket = createSocket(type);
  toClose.push(() => socket.close());
  socket.bind(0, type === 'udp4' ? '127.0.0.1' : '::1');
  await once(socket, 'listening');
  return socket;
}

export async function receiverUnderTest(): Promise<ReceiverUnderTest> {
  const config = udpSchema.parse({ type: 'udp', host: '127.0.0.1', port: 0 });
  const receiver = createUdpReceiver(config, partsUnderTest('udp'));
  const socket = createSocket('udp4');
  let port = 0;
  return {
    receiver,
    provoke: async () => {
      port = portOf(receiver) || port;
      await new Promise((sent) => socket.send('hello', port, '127.0.0.1', sent));
    },
    dispose: async () => {
      socket.close();
      await receiver.stop();
    },
  };
}
