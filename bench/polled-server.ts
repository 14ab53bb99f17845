import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { senseFile } from '../test/receivers/qps/stand-in.ts';

/** Who the servers say is on, told by the parent. */
export interface ServersPlan {
  readonly servers: number;
  /** For each virtual proxy, whichever is asked. */
  readonly sessions: number;
}

/** Session lists over mutual TLS, one server for each node, in a process of their own: their work is not Headcount's. */
process.once('message', async ({ servers, sessions }: ServersPlan) => {
  const rows = Array.from({ length: sessions }, (_, n) => ({
    UserDirectory: 'LAB',
    UserId: `user${n}`,
    UserName: 'Doe, Jane Elizabeth',
    Attributes: [{ group: 'everyone' }],
    SessionId: `50189a5d-f7a5-4e33-8de4-${String(n).padStart(12, '0')}`,
  }));
  const body = JSON.stringify(rows);
  const [cert, key, ca] = ['server', 'server_key', 'root'].map((name) =>
    readFileSync(senseFile(name), 'utf8'),
  );
  const options = { cert, key, ca, requestCert: true, keepAliveTimeout: 120_000 };
  const ports: number[] = [];
  while (ports.length < servers) {
    const server = createServer(options, (_, response) => response.end(body)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    ports.push((server.address() as AddressInfo).port);
  }
  process.send?.({ ports });
});
process.once('disconnect', () => process.exit(0));
