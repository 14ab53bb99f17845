import { jetstream } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { afterAll } from 'vitest';
import { natsSchema } from '../../../receivers/nats/nats.schema.ts';
import { createNatsReceiver, type NatsReceiver } from '../../../receivers/nats/nats.ts';
import { encodeEvent, encodeEvents, encodeHead, subjectOf } from '../../../src/nats/message.ts';
import { findStream } from '../../../src/nats/stream.ts';
import { hasNats, NatsServers } from '../../nats/nats-servers.ts';
import { acceptedRow, eventRow } from '../../sinks/rows-under-test.ts';
import { partsUnderTest, type ReceiverUnderTest } from '../receivers-under-test.ts';

let servers: Promise<NatsServers> | null = null;
let streams = 0;

afterAll(async () => {
  await (await servers)?.dispose();
});

export const canRun = hasNats;

/** One server for all, and a stream for each. */
export async function receiverUnderTest(): Promise<ReceiverUnderTest & { readonly receiver: NatsReceiver }> {
  servers ??= NatsServers.start();
  const { urls } = await servers;
  streams += 1;
  const stream = `stream-${streams}`;
  const connection = await connect({ servers: urls, reconnect: false });
  await findStream(connection, stream, {
    name: stream,
    partitions: 2,
    replicas: 1,
    maxAgeMs: 600_000,
    maxBytes: 1e7,
  });
  const client = jetstream(connection);
  let seq = 0;
  const receiver = createNatsReceiver(
    natsSchema.parse({ type: 'nats', servers: urls, stream }),
    partsUnderTest('nats'),
  );
  return {
    receiver,
    async provoke() {
      seq += 1;
      const head = { site: 'berlin', previous: seq - 1, through: seq, gone: 0 };
      await client.publish(
        subjectOf(stream, 0, 'edge'),
        encodeEvents([encodeEvent(acceptedRow(eventRow(seq)))]),
        { headers: encodeHead(head) },
      );
    },
    async dispose() {
      await receiver.stop();
      await connection.close();
    },
  };
}
