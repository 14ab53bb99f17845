import { networkInterfaces } from 'node:os';
import { describe, expect, it } from 'vitest';
import { createUdpReceiver, udpSchema } from '../../../receivers/udp/udp.ts';
import { partsUnderTest, until } from '../receivers-under-test.ts';
import { openSender, startReceiver } from './under-test.ts';

const HAS_IPV6 = Object.values(networkInterfaces())
  .flat()
  .some((each) => each?.address === '::1');

describe('the UDP receiver', () => {
  it('hands over a datagram from an IPv4 address with its sender and its time', async () => {
    const { receiver, intake, port } = await startReceiver({ host: '127.0.0.1' });
    const sender = await openSender('udp4');
    sender.send('hello', port, '127.0.0.1');
    await until(() => intake.messages.length === 1);
    const from = { address: '127.0.0.1', port: sender.address().port };
    expect(intake.messages).toEqual([{ text: 'hello', sender: from, receivedAt: expect.any(Number) }]);
    // It was read before it was handed over, on a clock that stands still.
    const age = 1_700_000_000_000 - (intake.messages[0]?.receivedAt ?? 0);
    expect([age >= 0, age < 10_000]).toEqual([true, true]);
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
    const [listening = ''] = receiver.stats().listening ?? [];
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
