import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { receiverMetrics } from '../../../src/api/metrics/metrics.ts';
import { Program, ProgramFolder, until } from '../../program/program.ts';
import { Exposition } from './exposition.ts';

let folder: ProgramFolder;
let program: Program;
beforeEach(async () => {
  folder = new ProgramFolder();
  writeFileSync(
    folder.config,
    `receivers:
  - { type: udp, host: 127.0.0.1, port: 0, allow: [192.0.2.1] }
  - { type: tcp, host: 127.0.0.1, port: 0, maxConnections: 2, maxConnectionsPerAddress: 1 }
  - { type: tcp, name: closed, host: 127.0.0.1, port: 0, allow: [192.0.2.1] }
api: { port: 0 }
log: { format: json }
`,
  );
  program = await Program.start(folder);
});
afterEach(async () => {
  await program.end('SIGKILL');
  folder.dispose();
});

/** What the process says of itself may be no number in the first moments. */
async function scrape(): Promise<Exposition> {
  const text = await (await fetch(`${program.api}/metrics`)).text();
  return new Exposition(text.replace(/^(?!headcount_).*\n/gm, ''));
}

async function openTcp(port: number) {
  const client = connect({ host: '127.0.0.1', port });
  client.on('error', () => {});
  await once(client, 'connect');
  return client;
}

it('what a full ring dropped, and how often a thread that reads has died, are metrics of those who have them', async () => {
  const udp = { name: 'udp', received: 1, kernelDropped: null, ringDropped: 7, threadDeaths: 2 };
  const metrics = receiverMetrics(() => [udp, { name: 'tcp', received: 1, kernelDropped: null }]);
  const samplesOf = (name: string) => metrics.find((each) => each.name === name)?.samples();
  expect(samplesOf('headcount_kernel_dropped_total')).toEqual([]);
  expect(samplesOf('headcount_ring_dropped_total')).toEqual([[7, 'udp']]);
  expect(samplesOf('headcount_reading_thread_deaths_total')).toEqual([[2, 'udp']]);
});

it('what receivers refuse is counted in /metrics and /api/v1/ingest, connections apart from messages', async () => {
  const socket = createSocket('udp4');
  for (let n = 0; n < 3; n += 1) {
    await new Promise((sent) => socket.send('hello', program.udpPort, '127.0.0.1', sent));
  }
  socket.close();
  const listening = program.log.find(({ msg }) => msg === 'listening')?.['closed'];
  const closed = Number(/\d+$/.exec(String(listening))?.[0]);
  const open = await openTcp(program.tcpPort);
  const connections = 'headcount_receiver_connections';
  // Who has said nothing has no place of its own.
  open.write('hello\n');
  await until(scrape, (metrics) => metrics.value('headcount_received_total', { receiver: 'tcp' }) === 1);
  for (const port of [program.tcpPort, closed]) await once((await openTcp(port)).resume(), 'close');

  const name = 'headcount_receiver_refused_total';
  const metrics = await until(
    scrape,
    (each) => each.value(name, { receiver: 'udp', reason: 'not_allowed' }) === 3,
  );
  expect(metrics.value(name, { receiver: 'tcp', reason: 'too_many_of_address' })).toBe(1);
  expect(metrics.value(name, { receiver: 'closed', reason: 'not_allowed' })).toBe(1);
  expect(metrics.by('headcount_receiver_refused_connections_total')).toEqual({ tcp: 1, closed: 1 });
  expect(metrics.by(connections)).toEqual({ tcp: 1, closed: 0 });
  expect(metrics.by('headcount_refused_total')).toMatchObject({ not_allowed: 3 });

  const { receivers } = await program.get<{ receivers: object[] }>('/api/v1/ingest');
  expect(receivers).toMatchObject([
    { name: 'udp', received: 3, refused: { not_allowed: 3 } },
    { name: 'tcp', received: 1, connections: 1, refusedConnections: 1, refused: { too_many_of_address: 1 } },
    { name: 'closed', received: 0, connections: 0, refusedConnections: 1, refused: { not_allowed: 1 } },
    { name: 'http' },
  ]);
  open.destroy();
  await until(scrape, (each) => each.by(connections)['tcp'] === 0);
});
