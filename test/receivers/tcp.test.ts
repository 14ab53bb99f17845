import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { tcpSchema } from '../../receivers/tcp.schema.ts';
import { createTcpReceiver } from '../../receivers/tcp.ts';
import { partsUnderTest, portOf, RecordingIntake, until } from './tcp-udp-under-test.ts';

const toClose: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of toClose.splice(0)) await close();
});

async function startReceiver(config: object = {}) {
  const settings = tcpSchema.parse({ type: 'tcp', port: 0, ...config });
  const receiver = createTcpReceiver(settings, partsUnderTest('tcp'));
  const intake = new RecordingIntake();
  toClose.push(() => receiver.stop());
  await receiver.start(intake);
  return { receiver, intake, port: portOf(receiver) };
}

/** Errors are the receiver's way to end a connection; tests look at `closed`. */
async function openClient(port: number, host = '127.0.0.1'): Promise<Socket> {
  const client = connect({ port, host, noDelay: true });
  client.on('error', () => {});
  toClose.push(() => client.destroy());
  await once(client, 'connect');
  return client;
}

/** What was sent to other receivers before has arrived once this resolves. */
async function roundThroughAnother(): Promise<void> {
  const { intake, port } = await startReceiver();
  (await openClient(port)).end('later\n');
  await until(() => intake.messages.length === 1);
}

describe('the TCP receiver', () => {
  it('hands over frames with their sender and their time', async () => {
    const { receiver, intake, port } = await startReceiver();
    const client = await openClient(port);
    client.write('one\r\n\ntwo\n');
    await until(() => intake.messages.length === 2);
    const sender = { address: '127.0.0.1', port: client.localPort };
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
    await until(() => receiver.stats()['connections'] === 2);
    const three = await openClient(port);
    await until(() => three.destroyed);
    expect(receiver.stats()).toMatchObject({ connections: 2, refusedConnections: 1 });
    one.end('one\n');
    two.write('two\n');
    await until(() => intake.messages.length === 2 && receiver.stats()['connections'] === 1);
    (await openClient(port)).write('four\n');
    await until(() => intake.messages.length === 3);
  });

  it('closes a connection that is silent for too long', async () => {
    const { receiver, port } = await startReceiver({ idleTimeout: '100ms' });
    const client = await openClient(port);
    await once(client, 'close');
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

describe('a TCP receiver while the journal is behind', () => {
  const LINES = 100_000;

  it('stops reading every connection, asks once, and loses nothing when it goes on', async () => {
    const { receiver, intake, port } = await startReceiver();
    const clients = await Promise.all(Array.from({ length: 3 }, () => openClient(port)));
    await until(() => receiver.stats()['connections'] === clients.length);
    intake.behind = true;
    const stream = Array.from({ length: LINES }, (_, n) => `${n} ${'x'.repeat(120)}\n`).join('');
    for (const client of clients) client.end(stream);
    await until(() => receiver.stats()['waiting'] === true);
    const held = intake.messages.length;
    // A connection opened now is not read either.
    (await openClient(port)).end('late\n');
    await until(() => receiver.stats()['connections'] === 4);
    await roundThroughAnother();
    expect(intake.messages.length).toBe(held);
    expect(held).toBeLessThan(1000);
    expect(intake.waiters).toBe(1);
    intake.catchUp();
    await until(() => intake.messages.length === 3 * LINES + 1 && receiver.stats()['connections'] === 0);
    expect(intake.waiters).toBe(1);
    expect(new Set(intake.texts).size).toBe(LINES + 1);
  });

  it('hands over what it had read of a connection that is reset meanwhile', async () => {
    const { receiver, intake, port } = await startReceiver();
    const [first, second] = [await openClient(port), await openClient(port)];
    await until(() => receiver.stats()['connections'] === 2);
    intake.behind = true;
    first.write('one\n');
    await until(() => receiver.stats()['waiting'] === true);
    second.write('two\nthree\nfo');
    await roundThroughAnother();
    second.resetAndDestroy();
    await until(() => receiver.stats()['connections'] === 1);
    expect([intake.texts, intake.refused]).toEqual([['one', 'two', 'three'], ['frame_cut_off']]);
    expect(intake.waiters).toBe(1);
  });

  it('does not take a connection that has to wait for a silent one', async () => {
    const { receiver, intake, port } = await startReceiver({ idleTimeout: '100ms' });
    const [waiting, quiet] = [await openClient(port), await openClient(port)];
    await until(() => receiver.stats()['connections'] === 2);
    intake.behind = true;
    waiting.write('one\n');
    await until(() => intake.messages.length === 1);
    waiting.write('two\n');
    // Time passes: as long as an idle connection of another receiver lives.
    const other = await startReceiver({ idleTimeout: '200ms' });
    await once(await openClient(other.port), 'close');
    expect(receiver.stats()).toMatchObject({ connections: 2, idleClosed: 0 });
    intake.catchUp();
    await until(() => intake.messages.length === 2 && quiet.destroyed);
    expect(intake.texts).toEqual(['one', 'two']);
  });
});

describe('a TCP receiver that stops', () => {
  it('closes open connections, refuses unfinished frames and never calls the intake again', async () => {
    const { receiver, intake, port } = await startReceiver();
    const clients = await Promise.all(Array.from({ length: 20 }, () => openClient(port)));
    for (const client of clients) client.write('whole\npart');
    await until(() => intake.messages.length === 20);
    await Promise.all([receiver.stop(), receiver.stop()]);
    expect(intake.refused).toEqual(Array(20).fill('frame_cut_off'));
    for (const client of clients) client.write(' more\n');
    await until(() => clients.every((client) => client.destroyed));
    expect(intake.messages.length).toBe(20);
    expect(receiver.stats()).toMatchObject({ listening: [], connections: 0, received: 40 });
    await startReceiver({ port });
  });

  it('hands over what it had read of connections that were waiting', async () => {
    const { receiver, intake, port } = await startReceiver();
    const [first, second] = [await openClient(port), await openClient(port)];
    await until(() => receiver.stats()['connections'] === 2);
    intake.behind = true;
    first.write('one\n');
    await until(() => intake.messages.length === 1);
    second.write('two\n');
    await receiver.stop();
    expect(intake.texts).toEqual(['one', 'two']);
    intake.catchUp();
    await until(() => first.destroyed && second.destroyed);
    expect(intake.messages.length).toBe(2);
  });

  it('can be stopped without having been started', async () => {
    await createTcpReceiver(tcpSchema.parse({ type: 'tcp' }), partsUnderTest('tcp')).stop();
  });
});
