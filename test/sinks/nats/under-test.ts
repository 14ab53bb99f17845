import { natsSchema } from '../../../sinks/nats/nats.schema.ts';
import { createNatsSink } from '../../../sinks/nats/nats.ts';
import type { Sink, SinkParts } from '../../../src/contract/sink.ts';
import { hasNats, NatsServers } from '../../nats/nats-servers.ts';
import { SilentProxy } from '../../nats/silent-proxy.ts';
import { storedMessages } from '../../nats/stream-reader.ts';
import { NOON } from '../rows-under-test.ts';
import type { SinkUnderTest } from '../sink-under-test.ts';

/** A sink that is not started. */
export function natsSink(settings: Readonly<Record<string, unknown>>, others: Partial<SinkParts> = {}): Sink {
  return createNatsSink(natsSchema.parse({ type: 'nats', maxSize: '100MB', ...settings }), {
    ...{ name: 'nats', storeId: 'b7e23ec29af22b0b', site: 'main', folder: '.', print: async () => {} },
    ...{ lastSeq: () => 1_000, madeTable: () => {}, now: () => NOON },
    offerAgain: (_table, after) => after + 1,
    doneThrough: () => 0,
    report: () => null,
    ...others,
  });
}

export const canRun = hasNats;

export async function sinkUnderTest(): Promise<SinkUnderTest> {
  const servers = await NatsServers.start(
    1,
    'max_payload: 8388608\nauthorization { user: u, password: password-to-hide }',
    {
      ...{ user: 'u', pass: 'password-to-hide' },
    },
  );
  const [url = ''] = servers.urls;
  const proxies: SilentProxy[] = [];
  const sinks: Sink[] = [];
  // One partition, so that what arrives has one order.
  const settings = { servers: [url], partitions: 1, user: 'u', password: 'password-to-hide' };
  const made = (more: object): Sink => {
    const sink = natsSink({ ...settings, ...more });
    sinks.push(sink);
    return sink;
  };
  const events = async () =>
    (await storedMessages(url, 'headcount', servers.login)).flatMap((each) => each.events);
  return {
    sink: made({}),
    unstarted: () => made({}),
    stuck: async () => {
      const proxy = await SilentProxy.before(Number(new URL(url).port), (text) =>
        text.includes('HPUB another.events.'),
      );
      proxies.push(proxy);
      return made({ servers: [proxy.url], stream: 'another' });
    },
    arrived: async (table) =>
      table === 'session_events' ? [...new Set((await events()).map(({ event }) => event.eventId))] : [],
    userOf: async (eventId) => {
      const found = (await events()).find(({ event }) => event.eventId === eventId);
      return [found?.event.user?.directory, found?.event.user?.id];
    },
    secrets: ['password-to-hide'],
    dispose: async () => {
      for (const sink of sinks) await sink.stop();
      for (const proxy of proxies) await proxy.close();
      await servers.dispose();
    },
  };
}
