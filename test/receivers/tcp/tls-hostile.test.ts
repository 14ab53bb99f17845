import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { until } from '../receivers-under-test.ts';
import { openTlsClient, SERVER_FILES } from './tls-under-test.ts';
import { gone, openClient, startReceiver } from './under-test.ts';

/** The first bytes of a handshake that says it is longer. */
const BEGINNING = Buffer.from([22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3]);

describe('a good sender with TLS', () => {
  it('is heard beside 2,000 that never finish their handshake, all of which are cut', async () => {
    const [MANY, AT_ONCE] = [2_000, 100];
    const tls = { ...SERVER_FILES, handshakeTimeout: '1s' };
    const limits = { maxConnections: MANY + 2, maxConnectionsPerAddress: MANY + 2 };
    const { receiver, intake, port } = await startReceiver({ tls, ...limits });
    const early = await openTlsClient(port);
    const endings: Promise<void>[] = [];
    while (endings.length < MANY) {
      // No more at once than wait at the door of any system.
      const clients = await Promise.all(Array.from({ length: AT_ONCE }, () => openClient(port)));
      endings.push(...clients.map(gone));
      // Half of them say nothing at all.
      clients.forEach((client, n) => void (n % 2 === 0 && client.write(BEGINNING)));
    }
    const late = await openTlsClient(port);
    for (let n = 0; n < 100; n += 1) for (const good of [early, late]) good.write(`good ${n}\n`);
    await until(() => intake.messages.length === 200);
    await Promise.all(endings);
    await until(() => receiver.stats()['refusedConnections'] === MANY);
    late.write('still here\n');
    await until(() => intake.texts.at(-1) === 'still here');
    expect(receiver.stats()).toMatchObject({ connections: 2, refused: { tls_too_slow: MANY } });
    expect([intake.messages.length, intake.refused]).toEqual([201, []]);
  });

  it('is heard beside gibberish of every kind', async () => {
    const { receiver, intake, port } = await startReceiver({ tls: SERVER_FILES });
    const good = await openTlsClient(port);
    const kinds = [
      randomBytes(100),
      Buffer.alloc(10_000),
      Buffer.concat([Buffer.from([22, 3, 1, 255, 255]), randomBytes(70_000)]),
      Buffer.concat([Buffer.from([22, 3, 1, 0, 100]), randomBytes(100)]),
      Buffer.from([21, 3, 3, 0, 2, 2, 40]),
      Buffer.from([23, 3, 3, 0, 1, 0]),
      Buffer.from('<13>a line for a plain port\n'),
      Buffer.from('7 /qseow-'),
    ];
    for (const bytes of kinds) {
      const client = (await openClient(port)).resume();
      const ended = gone(client);
      client.write(bytes);
      // An end of the stream is all that some of them are waiting for.
      client.end();
      await ended;
      good.write(`after ${bytes.length}\n`);
    }
    await until(() => intake.messages.length === kinds.length);
    await until(() => receiver.stats()['refusedConnections'] === kinds.length);
    expect(intake.texts).toEqual(kinds.map(({ length }) => `after ${length}`));
    expect(receiver.stats()).toMatchObject({ connections: 1, received: kinds.length });
  });

  it('cannot be made to negotiate again, nor hindered by who tries', async () => {
    const { intake, port } = await startReceiver({ tls: SERVER_FILES });
    const good = await openTlsClient(port);
    const other = await openTlsClient(port, { maxVersion: 'TLSv1.2' });
    other.write('one\n');
    await until(() => intake.messages.length === 1);
    const outcome = new Promise<Error | null>((answered) => {
      other.renegotiate({ rejectUnauthorized: true }, answered);
      other.once('error', answered);
    });
    expect(await outcome).toBeInstanceOf(Error);
    good.write('two\n');
    await until(() => intake.messages.length === 2);
    expect([intake.texts, intake.refused]).toEqual([['one', 'two'], []]);
  });
});
