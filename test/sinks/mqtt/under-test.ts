import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer, type Socket } from 'node:net';
import { mqttSchema } from '../../../sinks/mqtt/mqtt.schema.ts';
import { createMqttSink } from '../../../sinks/mqtt/mqtt.ts';
import type { Sink, SinkParts } from '../../../src/contract/sink.ts';
import { NOON } from '../rows-under-test.ts';
import type { SinkUnderTest } from '../sink-under-test.ts';
import { hasMosquitto, Mosquitto } from './mosquitto.ts';
import { Subscriber } from './subscriber.ts';

/** A sink that is not started. */
export function mqttSink(settings: Readonly<Record<string, unknown>>, others: Partial<SinkParts> = {}): Sink {
  return createMqttSink(mqttSchema.parse({ type: 'mqtt', ...settings }), {
    ...{ name: 'mqtt', storeId: 'b7e23ec29af22b0b', folder: '.', print: async () => {} },
    ...{ lastSeq: () => 0, madeTable: () => {}, now: () => NOON },
    ...{ site: 'main', offerAgain: (_table: string, after: number) => after + 1 },
    ...{ doneThrough: () => 0, report: () => null },
    ...others,
  });
}

/** Agrees to whoever connects, takes what is published and never says so. */
export async function mute(): Promise<{
  readonly url: string;
  /** That have come in so far. */
  bytes(): number;
  close(): Promise<void>;
}> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    // CONNACK of MQTT 5, without properties.
    socket.once('data', () => socket.write(Buffer.from([0x20, 3, 0, 0, 0])));
    socket.resume();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `mqtt://127.0.0.1:${port}`,
    bytes: () => [...sockets].reduce((sum, { bytesRead }) => sum + bytesRead, 0),
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

export const canRun = hasMosquitto;

const EVENTS = 'qliksense/userevent';

export async function sinkUnderTest(): Promise<SinkUnderTest> {
  const broker = await Mosquitto.start();
  const silent = await mute();
  const subscriber = await Subscriber.of(broker.url);
  const settings = {
    ...{ url: broker.url, user: 'user-to-hide', password: 'password-to-hide' },
    topics: { sessionRejected: { enabled: true } },
  };
  const sink = mqttSink(settings);
  const stuck: Sink[] = [];
  const isOfEvent = ({ topic }: { topic: string }) =>
    topic === EVENTS || topic === `${EVENTS}/session/rejected`;
  const events = () => subscriber.received.filter(isOfEvent).map(({ text }) => JSON.parse(text));
  /** What is published is on its way to the subscriber. */
  const settled = async () => {
    for (let before = -1; before !== subscriber.received.length; ) {
      before = subscriber.received.length;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  return {
    sink,
    unstarted: () => mqttSink(settings),
    stuck: async () => {
      const another = mqttSink({ ...settings, url: silent.url, availability: { enabled: false } });
      stuck.push(another);
      return another;
    },
    arrived: async (table) => {
      await settled();
      return table === 'session_events' ? [...new Set(events().map(({ id }) => id))] : [];
    },
    isOnlySeen: (table) => table === 'session_counts',
    userOf: async (eventId) => {
      await settled();
      const { userDir, userId } = events().find(({ id }) => id === eventId);
      return [userDir, userId];
    },
    secrets: [settings.user, settings.password],
    dispose: async () => {
      for (const each of [sink, ...stuck]) await each.stop();
      await subscriber.close();
      await silent.close();
      await broker.dispose();
    },
  };
}
