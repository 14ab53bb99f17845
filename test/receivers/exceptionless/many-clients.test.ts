import { once } from 'node:events';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { createExceptionlessReceiver } from '../../../receivers/exceptionless/exceptionless.ts';
import { API_LIMITS } from '../../../src/api/api.ts';
import { ApiUnderTest } from '../../api/api-under-test.ts';

const limits = { ...API_LIMITS, maxConnections: 20, maxConnectionsPerAddress: 10 };
const api = new ApiUnderTest({
  limits,
  receiver: (parts) => createExceptionlessReceiver({ ...parts, name: 'exceptionless' }),
});
let port = 0;
const clients: Socket[] = [];
beforeAll(async () => {
  await api.start();
  await api.app.ready();
  api.app.server.listen({ host: '0.0.0.0', port: 0 });
  await once(api.app.server, 'listening');
  port = (api.app.server.address() as AddressInfo).port;
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await expect.poll(() => openConnections()).toBe(0);
});
afterAll(() => api.stop());

const openConnections = () =>
  new Promise<number>((resolve) => api.app.server.getConnections((_error, count) => resolve(count)));

const BEAT = '/api/v2/events/session/heartbeat?id=anna&close=false';

/** Asks once on a connection of its own, and keeps it for as long as it may. */
async function ask(localAddress: string, path = BEAT): Promise<string> {
  const client = connect({ host: '127.0.0.1', port, localAddress });
  clients.push(client);
  client.on('error', () => {});
  client.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  const [answer] = await Promise.race([once(client, 'data'), once(client, 'close').then(() => ['closed'])]);
  const text = String(answer);
  if (/^connection: close/im.test(text)) await once(client, 'close');
  return text.split('\r\n', 1)[0] ?? '';
}

it('many more clients are heard than there may be connections, although each keeps its own', async () => {
  const answers: string[] = [];
  for (let n = 0; n < 30; n += 1) answers.push(await ask('127.0.0.1'));
  expect(new Set(answers)).toEqual(new Set(['HTTP/1.1 200 OK']));
});

it('the same from many addresses', async () => {
  const answers: string[] = [];
  for (let n = 0; n < 40; n += 1) answers.push(await ask(`127.0.0.${1 + (n % 20)}`));
  expect(new Set(answers)).toEqual(new Set(['HTTP/1.1 200 OK']));
});

it('who asks something else keeps its connection', async () => {
  for (let n = 0; n < 8; n += 1) await ask('127.0.0.1', '/healthz');
  expect(await openConnections()).toBe(8);
});
