import { once } from 'node:events';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { API_LIMITS } from '../../../src/api/api.ts';
import { ApiUnderTest } from '../api-under-test.ts';

const limits = { ...API_LIMITS, maxConnections: 10, maxConnectionsPerAddress: 6 };
const api = new ApiUnderTest({ limits });
let port = 0;
const clients: Socket[] = [];
beforeAll(async () => {
  await api.start();
  await api.app.ready();
  api.app.server.listen({ host: '0.0.0.0', port: 0 });
  await once(api.app.server, 'listening');
  port = (api.app.server.address() as AddressInfo).port;
});
afterAll(() => api.stop());
beforeEach(() => {
  api.troubles.length = 0;
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await expect.poll(() => openConnections()).toBe(0);
});

const openConnections = () =>
  new Promise<number>((resolve) => api.app.server.getConnections((_error, count) => resolve(count)));

async function open(localAddress: string): Promise<Socket> {
  const client = connect({ host: '127.0.0.1', port, localAddress });
  clients.push(client);
  client.on('error', () => {});
  await once(client, 'connect');
  return client;
}

async function answerOf(client: Socket): Promise<string> {
  client.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n');
  const [bytes] = await once(client, 'data');
  return String(bytes).split('\r\n', 1)[0] ?? '';
}

it('idle connections of one address leave room for others', async () => {
  for (let n = 0; n < 6; n += 1) await open('127.0.0.1');
  await once(await open('127.0.0.1'), 'close');
  expect(await answerOf(await open('127.0.0.2'))).toBe('HTTP/1.1 200 OK');
  expect(api.troubles).toEqual([
    ['api: connection refused, too many connections of this address', '127.0.0.1'],
  ]);
});

it('a place is free again when its connection has closed', async () => {
  const first = await open('127.0.0.1');
  for (let n = 1; n < 6; n += 1) await open('127.0.0.1');
  first.destroy();
  await expect.poll(() => openConnections()).toBe(5);
  expect(await answerOf(await open('127.0.0.1'))).toBe('HTTP/1.1 200 OK');
});

it('there are no more in all than there may be, and the log says so', async () => {
  for (let n = 0; n < 10; n += 1) await open(n < 5 ? '127.0.0.1' : '127.0.0.2');
  await once(await open('127.0.0.3'), 'close');
  await expect.poll(() => openConnections()).toBe(10);
  expect(api.troubles).toEqual([['api: connection refused, too many connections', '127.0.0.3']]);
});
