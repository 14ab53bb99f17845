import { describe, expect, it } from 'vitest';
import { until } from '../receivers-under-test.ts';
import { gone, openClient, startReceiver } from './under-test.ts';

describe('the TCP receiver', () => {
  it('hands over frames with their sender and their time', async () => {
    const { receiver, intake, port } = await startReceiver();
    const client = await openClient(port);
    client.write('one\r\n\ntwo\n');
    await until(() => intake.messages.length === 2);
    const sender = { address: '127.0.0.1', port: client.localPort, isConnection: true };
    expect(intake.messages).toEqual([
      { text: 'one', sender, receivedAt: 1_700_000_000_000 },
      { text: 'two', sender, receivedAt: 1_700_000_000_000 },
    ]);
    expect(receiver.stats()).toMatchObject({
      name: 'tcp',
      listening: [`127.0.0.1:${port}`],
      received: 2,
      kernelDropped: null,
      connections: 1,
    });
  });

  it('tells IPv4 senders from the mapped form on ::', async () => {
    const { receiver, intake, port } = await startReceiver({ host: '::' });
    (await openClient(port)).write('one\n');
    await until(() => intake.messages.length === 1);
    expect(intake.messages[0]?.sender.address).toBe('127.0.0.1');
    expect(receiver.stats().listening).toHaveLength(1);
  });

  it('puts a frame together from as many writes as bytes', async () => {
    const { intake, port } = await startReceiver();
    const client = await openClient(port);
    for (const char of 'grüße\n') await new Promise((resolve) => client.write(char, resolve));
    await until(() => intake.messages.length === 1);
    expect(intake.texts).toEqual(['grüße']);
  });

  it('takes what a client wrote last as a frame without a newline too', async () => {
    const { intake, port, receiver } = await startReceiver();
    (await openClient(port)).end('one\ntwo');
    await until(() => receiver.stats()['connections'] === 0 && intake.messages.length > 0);
    expect(intake.texts).toEqual(['one', 'two']);
  });

  it('refuses what a connection that breaks left unfinished', async () => {
    const { intake, port, receiver } = await startReceiver();
    const client = await openClient(port);
    client.write('one\ntw');
    await until(() => intake.messages.length === 1);
    client.resetAndDestroy();
    await until(() => receiver.stats()['connections'] === 0);
    expect([intake.texts, intake.refused]).toEqual([['one'], ['frame_cut_off']]);
    expect(receiver.stats()).toMatchObject({ received: 2, socketErrors: 1 });
  });

  it('refuses a frame too long between two good ones', async () => {
    const { receiver, intake, port } = await startReceiver({ maxFrame: 1024 });
    const client = await openClient(port);
    client.write(`one\n${'x'.repeat(1025)}\ntwo\n`);
    await until(() => intake.messages.length === 2);
    expect([intake.texts, intake.refused]).toEqual([['one', 'two'], ['frame_too_long']]);
    expect(receiver.stats().received).toBe(3);
  });

  it('refuses 10 MB without a newline once, and hears the next frame', async () => {
    const { intake, port } = await startReceiver();
    const client = await openClient(port);
    client.write(Buffer.alloc(10_000_000, 'x'));
    client.write('\ngood\n');
    await until(() => intake.messages.length === 1);
    expect([intake.texts, intake.refused]).toEqual([['good'], ['frame_too_long']]);
  });

  it('hears many clients at once, each in its own order', async () => {
    const { receiver, intake, port } = await startReceiver();
    const clients = await Promise.all(Array.from({ length: 100 }, () => openClient(port)));
    for (let line = 0; line < 100; line += 1) {
      clients.forEach((client, n) => void client.write(`${n} ${line}\n`));
    }
    await until(() => intake.messages.length === 10_000);
    expect(receiver.stats()['connections']).toBe(100);
    for (const n of clients.keys()) {
      const own = intake.texts.filter((text) => text.startsWith(`${n} `));
      expect(own).toEqual(Array.from({ length: 100 }, (_, line) => `${n} ${line}`));
    }
  });

  it('closes connections beyond the greatest number, counts them and serves the others', async () => {
    const { receiver, intake, port } = await startReceiver({ maxConnections: 2 });
    const [one, two] = [await openClient(port), await openClient(port)];
    for (const each of [one, two]) each.write('first\n');
    await until(() => intake.messages.length === 2);
    const three = await openClient(port);
    await until(() => three.destroyed);
    expect(receiver.stats()).toMatchObject({ connections: 2, refusedConnections: 1 });
    one.end('one\n');
    two.write('two\n');
    await until(() => intake.messages.length === 4 && receiver.stats()['connections'] === 1);
    (await openClient(port)).write('four\n');
    await until(() => intake.messages.length === 5);
  });

  it('closes a connection that is silent for too long', async () => {
    const { receiver, port } = await startReceiver({ idleTimeout: '100ms' });
    const client = await openClient(port);
    await gone(client);
    await until(() => receiver.stats()['connections'] === 0);
    expect(receiver.stats()).toMatchObject({ idleClosed: 1, socketErrors: 0 });
  });

  it('says in words that the port is taken, and by whom it may be', async () => {
    const { port } = await startReceiver();
    await expect(startReceiver({ port })).rejects.toThrow(
      `tcp 127.0.0.1:${port}: address already in use (is another Headcount or Butler running?)`,
    );
  });
});
