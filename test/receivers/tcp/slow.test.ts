import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { until } from '../receivers-under-test.ts';
import { openTlsClient, SERVER_FILES } from './tls-under-test.ts';
import { gone, openClient, startReceiver } from './under-test.ts';

/** Writes one byte at a time until the receiver ends the connection. */
function drip(client: Socket, everyMs: number): void {
  const timer = setInterval(() => client.write('1'), everyMs);
  client.on('close', () => clearInterval(timer));
}

describe('a frame that is not finished in time', () => {
  it.each([
    ['lf', false],
    ['octet-counting', false],
    ['lf', true],
  ])('ends its connection, however often another byte of it comes (%s, TLS: %s)', async (framing, tls) => {
    const settings = { framing, frameTimeout: '200ms', ...(tls ? { tls: SERVER_FILES } : {}) };
    const { receiver, intake, port } = await startReceiver(settings);
    const client = tls ? await openTlsClient(port) : await openClient(port);
    client.write(framing === 'lf' ? 'half' : '10000 half');
    drip(client, 20);
    await gone(client);
    expect([intake.texts, intake.refused]).toEqual([[], ['frame_too_slow']]);
    expect(receiver.stats()).toMatchObject({
      received: 1,
      connections: 0,
      slowClosed: 1,
      refused: { frame_too_slow: 1 },
    });
  });

  it('ends it also while it is one too long that is skipped, and is counted as that one only', async () => {
    const { receiver, intake, port } = await startReceiver({ frameTimeout: '100ms', maxFrame: 512 });
    const client = await openClient(port);
    client.write('x'.repeat(600));
    drip(client, 10);
    await gone(client);
    expect([intake.refused, receiver.stats()['slowClosed']]).toEqual([['frame_too_long'], 1]);
  });

  it('is another one when each is finished: a slow sender of whole frames is left alone', async () => {
    const { receiver, intake, port } = await startReceiver({ frameTimeout: '200ms' });
    const [good, slow] = [await openClient(port), await openClient(port)];
    // Always with the beginning of the next frame.
    const timer = setInterval(() => good.write('1\n2'), 20);
    drip(slow, 20);
    await gone(slow);
    const before = intake.messages.length;
    await until(() => intake.messages.length > before + 20);
    clearInterval(timer);
    expect(receiver.stats()).toMatchObject({ connections: 1, slowClosed: 1 });
  });

  it('is not one that waited for the journal', async () => {
    const { receiver, intake, port } = await startReceiver({ frameTimeout: '100ms' });
    const [first, second] = [await openClient(port), await openClient(port)];
    // Once the line has arrived, so has the half behind it.
    second.write('zero\nha');
    await until(() => intake.messages.length === 1 && receiver.stats()['connections'] === 2);
    intake.behind = true;
    first.write('one\n');
    await until(() => receiver.stats()['waiting'] === true);
    second.write('lf\n');
    // Time passes: as long as two slow frames of another receiver.
    const other = await startReceiver({ frameTimeout: '200ms' });
    const slow = await openClient(other.port);
    slow.write('half');
    await gone(slow);
    expect(receiver.stats()).toMatchObject({ connections: 2, slowClosed: 0 });
    intake.catchUp();
    await until(() => intake.messages.length === 3);
    expect([intake.texts, intake.refused]).toEqual([['zero', 'one', 'half'], []]);
  });
});

describe('a good sender among many slow ones', () => {
  it('is heard as if it were alone', async () => {
    const SLOW = 300;
    const settings = { maxConnectionsPerAddress: SLOW + 1, frameTimeout: '2s' };
    const { receiver, intake, port } = await startReceiver(settings);
    const slow = await Promise.all(Array.from({ length: SLOW }, () => openClient(port)));
    for (const client of slow) drip(client, 500);
    const good = await openClient(port);
    const answered = async (line: string) => {
      good.write(`${line}\n`);
      await until(() => intake.texts.at(-1) === line);
    };
    for (let n = 0; n < 100; n += 1) await answered(`good ${n}`);
    await until(() => receiver.stats()['slowClosed'] === SLOW);
    await answered('still there');
    expect(intake.messages.length).toBe(101);
    expect(intake.refused).toEqual(Array(SLOW).fill('frame_too_slow'));
    expect(receiver.stats()).toMatchObject({ connections: 1, received: 101 + SLOW });
  });
});
