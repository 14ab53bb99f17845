import { describe, expect, it } from 'vitest';
import { ON_LINUX, recordingLog, until } from '../receivers-under-test.ts';
import { gone, openClient, startReceiver } from './under-test.ts';

describe('connections of one address', () => {
  it('are not more than configured, and make room when they end', async () => {
    const { log, lines } = recordingLog();
    const { receiver, intake, port } = await startReceiver({ maxConnectionsPerAddress: 2 }, log);
    const [one, two] = [await openClient(port), await openClient(port)];
    for (const each of [one, two]) each.write('first\n');
    await until(() => intake.messages.length === 2);
    const [three, four] = [await openClient(port), await openClient(port)];
    await until(() => three.destroyed && four.destroyed);
    expect(receiver.stats()).toMatchObject({
      connections: 2,
      refusedConnections: 2,
      refused: { too_many_of_address: 2 },
    });
    expect(lines).toEqual([
      {
        level: 'warn',
        fields: {
          kind: 'tcp: connection refused, too_many_of_address',
          means: 'too many connections from one address',
          sample: '127.0.0.1',
        },
        message: 'tcp: connection refused, too_many_of_address',
      },
    ]);
    one.end('one\n');
    await until(() => receiver.stats()['connections'] === 1);
    (await openClient(port)).write('five\n');
    two.write('two\n');
    await until(() => intake.messages.length === 5);
    // One has ended, not both.
    const six = await openClient(port);
    await until(() => six.destroyed);
    expect(receiver.stats()).toMatchObject({ connections: 2, refusedConnections: 3 });
  });

  it.skipIf(!ON_LINUX)('do not count for another address (Linux only)', async () => {
    const { receiver, intake, port } = await startReceiver({ maxConnectionsPerAddress: 1 });
    (await openClient(port)).write('first\n');
    await until(() => intake.messages.length === 1);
    (await openClient(port, '127.0.0.2')).write('one\n');
    await until(() => intake.messages.length === 2);
    expect(intake.messages[1]?.sender.address).toBe('127.0.0.2');
    expect(receiver.stats()).toMatchObject({ connections: 2 });
  });
});

describe('connections that have said nothing', () => {
  it('make room for others of their address, the oldest first, and never those that have spoken', async () => {
    const { receiver, intake, port } = await startReceiver({ maxConnectionsPerAddress: 3 });
    const relay = await openClient(port);
    relay.write('relay\n');
    await until(() => intake.messages.length === 1);
    const silent: Awaited<ReturnType<typeof openClient>>[] = [];
    for (let n = 0; n < 10; n += 1) silent.push(await openClient(port));
    await until(() => silent.filter(({ destroyed }) => destroyed).length === 8);
    expect(silent.map(({ destroyed }) => destroyed)).toEqual([...Array(8).fill(true), false, false]);
    relay.write('again\n');
    (await openClient(port)).write('late\n');
    await until(() => intake.messages.length === 3);
    expect(receiver.stats()).toMatchObject({ connections: 3, refused: { silent_connection: 9 } });
  });

  it.skipIf(!ON_LINUX)(
    'make room for those of other addresses, whoever has most of them first (Linux only)',
    async () => {
      const { receiver, intake, port } = await startReceiver({
        maxConnections: 5,
        maxConnectionsPerAddress: 4,
      });
      const slow = await openClient(port, '127.0.0.2');
      for (let n = 0; n < 4; n += 1) await openClient(port, '127.0.0.3');
      await until(() => receiver.stats()['connections'] === 5);
      for (let n = 4; n < 7; n += 1) {
        const relay = await openClient(port, `127.0.0.${n}`);
        relay.write('relay\n');
        await until(() => intake.messages.length === n - 3);
      }
      slow.write('slow\n');
      await until(() => intake.messages.length === 4);
      expect(receiver.stats()).toMatchObject({ connections: 5, refused: { silent_connection: 3 } });
    },
  );
});

describe('senders that may not', () => {
  it.skipIf(!ON_LINUX)('are closed at once and counted, the others heard (Linux only)', async () => {
    const { log, lines } = recordingLog();
    const { receiver, intake, port } = await startReceiver({ host: '::', allow: ['127.0.0.2/31'] }, log);
    const foreign = await openClient(port);
    foreign.write('foreign\n');
    await until(() => foreign.destroyed);
    (await openClient(port, '127.0.0.3')).write('own\n');
    await until(() => intake.messages.length === 1);
    expect([intake.texts, intake.refused]).toEqual([['own'], []]);
    expect(receiver.stats()).toMatchObject({
      received: 1,
      refusedConnections: 1,
      refused: { not_allowed: 1 },
    });
    expect(lines).toMatchObject([
      {
        fields: {
          kind: 'tcp: connection refused, not_allowed',
          means: 'the sender is not allowed',
          sample: '127.0.0.1',
        },
      },
    ]);
  });
});

describe('framing that is lost', () => {
  it('ends the connection, says whose it was, and the sender may come again', async () => {
    const { receiver, intake, port } = await startReceiver({ framing: 'octet-counting' });
    const client = await openClient(port);
    client.write(`3 oneoops${'!'.repeat(65_535)}`);
    await gone(client);
    (await openClient(port)).write('5 three');
    await until(() => intake.messages.length === 2);
    expect([intake.texts, intake.refused]).toEqual([['one', 'three'], ['no_frame_length']]);
    expect(receiver.stats()).toMatchObject({ received: 3, connections: 1 });
    expect(intake.samples).toEqual([`tcp: a frame from 127.0.0.1: oops${'!'.repeat(56)}`]);
  });
});
