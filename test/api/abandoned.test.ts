import { once } from 'node:events';
import { type ClientRequest, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ApiUnderTest } from './api-under-test.ts';

const api = new ApiUnderTest();
let port = 0;
beforeAll(async () => {
  await api.start();
  await api.app.ready();
  api.app.server.listen({ host: '127.0.0.1', port: 0 });
  await once(api.app.server, 'listening');
  port = (api.app.server.address() as AddressInfo).port;
});
afterAll(() => api.stop());

const LONG = '/api/v1/peaks?from=2026-01-01T00:00:00Z&to=2026-05-19T12:00:00Z';

function request(path: string, localAddress = '127.0.0.1'): ClientRequest {
  const asked = get({ host: '127.0.0.1', port, path, localAddress, agent: false });
  asked.on('error', () => {});
  return asked;
}

async function statusOf(asked: ClientRequest): Promise<number | undefined> {
  const [response] = await once(asked, 'response');
  response.resume();
  return response.statusCode;
}

it('somebody is answered beside a client that asks for more than anybody needs', async () => {
  const greedy = Array.from({ length: 200 }, () => statusOf(request(LONG)));
  expect(await statusOf(request('/api/v1/events?limit=1'))).toBe(200);
  expect(new Set(await Promise.all(greedy))).toEqual(new Set([200]));
});

it('requests that were abandoned fail in silence, and nobody else does', async () => {
  const abandoned = Array.from({ length: 60 }, () => request(LONG));
  await Promise.all(abandoned.map((asked) => once(asked, 'socket')));
  for (const asked of abandoned) asked.destroy();
  expect(await statusOf(request(LONG))).toBe(200);
  expect(await statusOf(request('/api/v1/events?limit=1'))).toBe(200);
});
