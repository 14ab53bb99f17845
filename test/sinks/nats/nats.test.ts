import { connect } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { natsSchema } from '../../../sinks/nats/nats.schema.ts';
import { natsSink as plugin } from '../../../sinks/nats/nats.ts';
import type { Sink } from '../../../src/contract/sink.ts';
import { askSubjectOf, encodeAsk } from '../../../src/nats/message.ts';
import { hasNats, NatsServers } from '../../nats/nats-servers.ts';
import { storedMessages } from '../../nats/stream-reader.ts';
import { until } from '../../program/program.ts';
import { acceptedRow, batchOf, eventRow, NEVER } from '../rows-under-test.ts';
import { natsSink } from './under-test.ts';

const EDGE = 'b7e23ec29af22b0b';
const rows = (from: number, count: number) =>
  batchOf('accepted_events', ...Array.from({ length: count }, (_, n) => acceptedRow(eventRow(from + n))));

describe.skipIf(!hasNats)('the sink nats', () => {
  let servers: NatsServers;
  let url = '';
  const sinks: Sink[] = [];
  beforeAll(async () => {
    servers = await NatsServers.start();
    [url = ''] = servers.urls;
  });
  afterAll(async () => {
    for (const sink of sinks) await sink.stop();
    await servers?.dispose();
  });

  let streams = 0;
  function made(
    others: Parameters<typeof natsSink>[1] = {},
    more: object = {},
  ): { sink: Sink; stream: string } {
    streams += 1;
    const stream = `stream-${streams}`;
    const sink = natsSink({ servers: [url], stream, partitions: 1, ...more }, others);
    sinks.push(sink);
    return { sink, stream };
  }
  const spans = async (stream: string) =>
    (await storedMessages(url, stream)).map(({ previous, through, gone }) => [previous, through, gone]);
  async function ask(stream: string, after: number): Promise<void> {
    const connection = await connect({ servers: url, reconnect: false });
    connection.publish(askSubjectOf(stream, EDGE), encodeAsk({ partition: 0, after }));
    await connection.drain();
  }

  it('says in each message up to where everything was sent before', async () => {
    const { sink, stream } = made();
    await sink.start(NEVER);
    await sink.write(rows(1, 3), NEVER);
    await sink.write(rows(4, 2), NEVER);
    expect(await spans(stream)).toEqual([
      [0, 3, 0],
      [3, 5, 0],
    ]);
  });

  it('goes on behind what the stream has, where another process was before it', async () => {
    const { sink, stream } = made();
    await sink.start(NEVER);
    await sink.write(rows(1, 3), NEVER);
    await sink.stop();
    const next = natsSink({ servers: [url], stream, partitions: 1 });
    sinks.push(next);
    await next.start(NEVER);
    // The answer for the first three was lost.
    await next.write(rows(1, 5), NEVER);
    expect(await spans(stream)).toEqual([
      [0, 3, 0],
      [3, 5, 0],
    ]);
  });

  it('sends again what somebody asks for, once however often it is asked, and says what is gone', async () => {
    const asked: number[] = [];
    const { sink, stream } = made({
      // The first five are deleted.
      offerAgain: (_table, after) => {
        asked.push(after);
        return Math.max(6, after + 1);
      },
    });
    await sink.start(NEVER);
    await sink.write(rows(1, 9), NEVER);
    for (let n = 0; n < 3; n += 1) await ask(stream, 2);
    await until(
      async () => asked.length,
      (count) => count > 0,
    );
    await sink.write(rows(6, 4), NEVER);
    await sink.write(rows(10, 1), NEVER);
    expect(asked).toEqual([2]);
    expect(await spans(stream)).toEqual([
      [0, 9, 0],
      [2, 9, 3],
      [9, 10, 0],
    ]);
  });

  it('takes nothing for gone that is only left out, since its user is excluded', async () => {
    let asked = 0;
    const { sink, stream } = made({
      offerAgain: (_table, after) => {
        asked += 1;
        return after + 1;
      },
    });
    await sink.start(NEVER);
    await sink.write(rows(1, 9), NEVER);
    await ask(stream, 2);
    await until(
      async () => asked,
      (count) => count > 0,
    );
    // The rules of now leave out the third to the fifth.
    await sink.write(rows(6, 4), NEVER);
    expect(await spans(stream)).toEqual([
      [0, 9, 0],
      [2, 9, 0],
    ]);
  });

  it('cuts what is too long for one message, and never takes an event that alone is', async () => {
    const { sink, stream } = made();
    await sink.start(NEVER);
    const long = 'x'.repeat(400_000);
    const batch = batchOf(
      'accepted_events',
      ...[1, 2, 3].map((seq) => acceptedRow(eventRow(seq, { message: long }))),
    );
    await sink.write(batch, NEVER);
    expect(await spans(stream)).toEqual([
      [0, 2, 0],
      [2, 3, 0],
    ]);
    const tooLong = acceptedRow(eventRow(5, { message: 'x'.repeat(2_000_000) }));
    const another = batchOf('accepted_events', acceptedRow(eventRow(4)), tooLong);
    await expect(sink.write(another, NEVER)).rejects.toMatchObject({ place: 1 });
  });

  it('refuses to send where the stream has later events of its store, as of a copy', async () => {
    const { sink, stream } = made();
    await sink.start(NEVER);
    await sink.write(rows(1, 9), NEVER);
    const copy = natsSink({ servers: [url], stream, partitions: 1 }, { lastSeq: () => 5 });
    sinks.push(copy);
    await expect(copy.start(NEVER)).rejects.toThrow(/headcount new-identity/);
  });

  it('refuses a stream that holds less than is configured, or is none of its own', async () => {
    const { sink, stream } = made();
    await sink.start(NEVER);
    const demanding = natsSink({ servers: [url], stream, replicas: 3 });
    sinks.push(demanding);
    await expect(demanding.start(NEVER)).rejects.toThrow(/has 1 replicas; replicas: 3 is configured/);
    const { sink: three } = made({}, { replicas: 3 });
    await expect(three.start(NEVER)).rejects.toThrow(/replicas/);
    const { sink: large } = made({}, { maxSize: '900TB' });
    await expect(large.start(NEVER)).rejects.toThrow(/maxSize/);
  });

  it('is looked at by the doctor and by check', async () => {
    const { sink, stream } = made();
    const config = natsSchema.parse({ type: 'nats', servers: [url], stream });
    expect(await plugin.examine?.(config, '.', NEVER)).toEqual([
      expect.stringMatching(/is nats-server 2\./),
      `there is no stream ${stream} yet; the first sink makes it`,
    ]);
    await sink.start(NEVER);
    await sink.write(rows(1, 2), NEVER);
    expect(await plugin.examine?.(config, '.', NEVER)).toContain(
      `the stream ${stream} has 1 partitions, and messages 1 to 1`,
    );
    expect(await plugin.examineFiles?.(config, '.')).toEqual([]);
    for (const [broken, path] of [
      [{ tls: { ca: 'nowhere.pem' } }, 'tls'],
      [{ credentials: 'nowhere.creds' }, 'credentials'],
    ] as const) {
      const settings = natsSchema.parse({ type: 'nats', servers: [url], ...broken });
      expect(await plugin.examineFiles?.(settings, '.')).toMatchObject([{ path: [path], isProblem: true }]);
    }
  });

  it('tells a person what only a person can mend', async () => {
    const closed = await NatsServers.start(1, 'authorization { user: u, password: secret-of-test }', {
      ...{ user: 'u', pass: 'secret-of-test' },
    });
    try {
      const sink = natsSink({ servers: closed.urls, user: 'u', password: 'wrong' });
      sinks.push(sink);
      await expect(sink.start(NEVER)).rejects.toThrow(/refuses us/);
    } finally {
      await closed.dispose();
    }
    const nobody = natsSink({ servers: ['nats://127.0.0.1:1'] });
    await expect(nobody.start(NEVER)).rejects.toThrow(/127\.0\.0\.1:1/);
  });
});
