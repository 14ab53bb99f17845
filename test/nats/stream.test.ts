import { connect } from '@nats-io/transport-node';
import { expect, it } from 'vitest';
import { findStream } from '../../src/nats/stream.ts';
import { hasNats, NatsServers } from './nats-servers.ts';
import { SilentProxy } from './silent-proxy.ts';

const WANTED = { name: 'stream', partitions: 2, replicas: 1, maxAgeMs: 600_000, maxBytes: 1e7 };

it.skipIf(!hasNats)(
  'a question about a stream that nobody answers is asked again while it is waited for',
  async () => {
    const servers = await NatsServers.start();
    const proxy = await SilentProxy.before(Number(new URL(servers.urls[0] ?? '').port));
    const connection = await connect({ servers: proxy.url, reconnect: false });
    try {
      const made = await findStream(connection, 'stream', WANTED);
      let questions = 0;
      proxy.loses = (text) => {
        if (!text.includes('$JS.API.')) return false;
        questions += 1;
        return questions <= 2;
      };
      const found = await findStream(connection, 'stream', null);
      expect([found.identity, found.partitions]).toEqual([made.identity, 2]);
      expect(questions).toBeGreaterThan(2);
      proxy.loses = (text) => text.includes('$JS.API.');
      await expect(findStream(connection, 'stream', null)).rejects.toThrow('timeout');
    } finally {
      await connection.close();
      await proxy.close();
      await servers.dispose();
    }
  },
);
