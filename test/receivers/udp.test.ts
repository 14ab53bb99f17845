import { spawnSync } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { afterEach, describe, expect, it } from 'vitest';
import { udpSchema } from '../../receivers/udp.schema.ts';
import { createUdpReceiver, type UdpReceiver } from '../../receivers/udp.ts';
import {
  ON_LINUX,
  partsUnderTest,
  portOf,
  RecordingIntake,
  recordingLog,
  until,
} from './tcp-udp-under-test.ts';

const HAS_IPV6 = Object.values(networkInterfaces())
  .flat()
  .some((each) => each?.address === '::1');
const RMEM_MAX = ON_LINUX ? Number(readFileSync('/proc/sys/net/core/rmem_max', 'utf8')) : 0;
const MIB = 1_048_576;

const toClose: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of toClose.splice(0)) await close();
});

async function startReceiver(config: object = {}, log = recordingLog().log) {
  const settings = udpSchema.parse({ type: 'udp', port: 0, ...config });
  const receiver = createUdpReceiver(settings, partsUnderTest('udp', log));
  const intake = new RecordingIntake();
  toClose.push(() => receiver.stop());
  await receiver.start(intake);
  return { receiver, intake, port: portOf(receiver) };
}

async function openSender(type: 'udp4' | 'udp6'): Promise<Socket> {
  const socket = createSocket(type);
  toClose.push(() => socket.close());
  socket.bind(0, type === 'udp4' ? '127.0.0.1' : '::1');
  await once(socket, 'listening');
  return socket;
}

/** Another program sends while this thread does nothing else. */
function sendWhileBlocked(port: number, count: number): void {
  const script = `
    const socket = require('node:dgram').createSocket('udp4');
    const line = Buffer.alloc(330, 'x');
    let sent = 0;
    const next = (error) => {
      if (error) throw error;
      if (sent === ${count}) return socket.close();
      sent += 1;
      socket.send(line, ${port}, '127.0.0.1', next);
    };
    next();`;
  const { status, stderr } = spawnSync(process.execPath, ['-e', script], {
    encoding: 'utf8',
    timeout: 20_000,
  });
  expect(stderr).toBe('');
  expect(status).toBe(0);
}

function accountedFor(receiver: UdpReceiver): number {
  const { received, kernelDropped } = receiver.stats();
  return received + (kernelDropped ?? 0);
}

describe('the UDP receiver', () => {
  it('hands over a datagram from an IPv4 address with its sender and its time', async () => {
    const { receiver, intake, port } = await startReceiver({ host: '127.0.0.1' });
    const sender = await openSender('udp4');
    sender.send('hello', port, '127.0.0.1');
    await until(() => intake.messages.length === 1);
    const from = { address: '127.0.0.1', port: sender.address().port };
    expect(intake.messages).toEqual([{ text: 'hello', sender: from, receivedAt: 1_700_000_000_000 }]);
    expect(receiver.stats()).toMatchObject({ name: 'udp', listening: [`127.0.0.1:${port}`], received: 1 });
  });

  it.skipIf(!HAS_IPV6)('hears both families on one socket where the host is ::', async () => {
    const { receiver, intake, port } = await startReceiver();
    const [four, six] = [await openSender('udp4'), await openSender('udp6')];
    four.send('four', port, '127.0.0.1');
    six.send('six', port, '::1');
    await until(() => intake.messages.length === 2);
    const senders = new Map(intake.messages.map(({ text, sender }) => [text, sender]));
    expect(senders.get('four')).toEqual({ address: '127.0.0.1', port: four.address().port });
    expect(senders.get('six')).toEqual({ address: '::1', port: six.address().port });
    expect(receiver.stats().listening).toEqual([`[::]:${port}`]);
  });

  it('hands over empty and very large datagrams whole', async () => {
    const { intake, port } = await startReceiver({ host: '127.0.0.1' });
    const sender = await openSender('udp4');
    sender.send('', port, '127.0.0.1');
    await until(() => intake.messages.length === 1);
    sender.send('a\nb'.repeat(21_000), port, '127.0.0.1');
    await until(() => intake.messages.length === 2);
    expect(intake.texts).toEqual(['', 'a\nb'.repeat(21_000)]);
  });

  it('makes one sender object per address and port, not one per datagram', async () => {
    const { intake, port } = await startReceiver({ host: '127.0.0.1' });
    const [one, other] = [await openSender('udp4'), await openSender('udp4')];
    for (let i = 0; i < 50; i += 1) {
      one.send('one', port, '127.0.0.1');
      other.send('other', port, '127.0.0.1');
    }
    await until(() => intake.messages.length === 100);
    expect(new Set(intake.messages.map(({ sender }) => sender)).size).toBe(2);
  });

  it('listens on the address of a name', async () => {
    const { intake, port, receiver } = await startReceiver({ host: 'localhost' });
    const [listening = ''] = receiver.stats().listening;
    expect(['127.0.0.1', '[::1]'].map((address) => `${address}:${port}`)).toContain(listening);
    const six = listening.startsWith('[');
    (await openSender(six ? 'udp6' : 'udp4')).send('hello', port, six ? '::1' : '127.0.0.1');
    await until(() => intake.messages.length === 1);
  });

  it('says in words that the port is taken, and by whom it may be', async () => {
    const { port } = await startReceiver({ host: '127.0.0.1' });
    await expect(startReceiver({ host: '127.0.0.1', port })).rejects.toThrow(
      `udp 127.0.0.1:${port}: address already in use (is another Headcount or Butler running?)`,
    );
    await expect(startReceiver({ port })).rejects.toThrow(/^udp \[::\]:\d+: address already in use/);
  });

  it('never calls the intake after stop, and frees the port', async () => {
    const { receiver, intake, port } = await startReceiver({ host: '127.0.0.1' });
    const sender = await openSender('udp4');
    sender.send('before', port, '127.0.0.1');
    await until(() => intake.messages.length === 1);
    await Promise.all([receiver.stop(), receiver.stop()]);
    expect(receiver.stats().listening).toEqual([]);
    const next = await startReceiver({ host: '127.0.0.1', port });
    sender.send('after', port, '127.0.0.1');
    await until(() => next.intake.messages.length === 1);
    expect(intake.texts).toEqual(['before']);
  });

  it('can be stopped without having been started', async () => {
    const receiver = createUdpReceiver(udpSchema.parse({ type: 'udp' }), partsUnderTest('udp'));
    await receiver.stop();
    expect(receiver.stats()).toMatchObject({ listening: [], received: 0, kernelDropped: null });
  });
});

describe('the receive buffer', () => {
  it.skipIf(!ON_LINUX)('is what was configured, as far as this kernel grants it (Linux only)', async () => {
    const { receiver } = await startReceiver({ receiveBuffer: '4MiB' });
    expect(receiver.stats()).toMatchObject({
      receiveBufferBytes: Math.min(4 * MIB, RMEM_MAX),
      receiveBufferClamped: RMEM_MAX < 4 * MIB,
    });
  });

  it.skipIf(!ON_LINUX || RMEM_MAX >= 1024 * MIB)(
    'warns with the remedy where the kernel grants less (Linux only)',
    async () => {
      const { log, lines } = recordingLog();
      const { receiver } = await startReceiver({ receiveBuffer: '1GiB' }, log);
      expect(receiver.stats()).toMatchObject({ receiveBufferBytes: RMEM_MAX, receiveBufferClamped: true });
      expect(lines).toHaveLength(1);
      expect(lines[0]).toMatchObject({
        level: 'warn',
        fields: { wantedBytes: 1024 * MIB, grantedBytes: RMEM_MAX },
      });
      expect(JSON.stringify(lines[0])).toContain('sysctl -w net.core.rmem_max=1073741824');
      expect(JSON.stringify(lines[0])).toContain('/etc/sysctl.d/');
    },
  );

  it('says nothing where it is granted', async () => {
    const { log, lines } = recordingLog();
    const { receiver } = await startReceiver({ receiveBuffer: '16KiB' }, log);
    expect(receiver.stats()).toMatchObject({ receiveBufferBytes: 16_384, receiveBufferClamped: false });
    expect(lines).toEqual([]);
  });
});

describe('an overloaded UDP receiver', () => {
  it.skipIf(!ON_LINUX)(
    'accounts for every datagram, read or dropped by the kernel (Linux only)',
    async () => {
      const { receiver, intake, port } = await startReceiver({ receiveBuffer: '64KiB' });
      expect(receiver.stats().kernelDropped).toBe(0);
      sendWhileBlocked(port, 20_000);
      await until(() => intake.messages.length > 0);
      await until(() => accountedFor(receiver) === 20_000);
      const { received, kernelDropped } = receiver.stats();
      expect(received).toBe(intake.messages.length);
      expect(kernelDropped).toBeGreaterThan(10_000);
      await receiver.refresh();
      expect(accountedFor(receiver)).toBe(20_000);
      await receiver.stop();
      expect(accountedFor(receiver)).toBe(20_000);
    },
  );

  it.skipIf(!ON_LINUX)('reads what the kernel still holds before it stops (Linux only)', async () => {
    const { receiver, intake, port } = await startReceiver({ host: '127.0.0.1' });
    sendWhileBlocked(port, 5000);
    await receiver.stop();
    expect(intake.messages.length).toBeGreaterThan(100);
    expect(accountedFor(receiver)).toBe(5000);
  });
});
