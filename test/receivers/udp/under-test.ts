import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach } from 'vitest';
import { createUdpReceiver, udpSchema } from '../../../receivers/udp/udp.ts';
import { partsUnderTest, portOf, RecordingIntake, recordingLog } from '../receivers-under-test.ts';

const toClose: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of toClose.splice(0)) await close();
});

/** On a free port; stopped after the test. */
export async function startReceiver(config: object = {}, log = recordingLog().log) {
  const settings = udpSchema.parse({ type: 'udp', port: 0, ...config });
  const receiver = createUdpReceiver(settings, partsUnderTest('udp', log));
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
