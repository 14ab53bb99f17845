import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { tcpSchema } from '../../../receivers/tcp/tcp.schema.ts';
import { createTcpReceiver } from '../../../receivers/tcp/tcp.ts';
import { partsUnderTest, until } from '../receivers-under-test.ts';
import { openClient, roundThroughAnother, startReceiver } from './under-test.ts';

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
