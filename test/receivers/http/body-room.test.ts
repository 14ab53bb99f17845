import { once } from 'node:events';
import { type ClientRequest, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ApiUnderTest } from '../../api/api-under-test.ts';

const MIB = 1_048_576;
const api = new ApiUnderTest();
let port = 0;
beforeAll(async () => {
  await api.start();
  await api.app.listen({ host: '0.0.0.0', port: 0 });
  port = (api.app.server.address() as AddressInfo).port;
});
afterAll(() => api.stop());

function upload(localAddress = '127.0.0.1'): ClientRequest {
  const headers = { 'content-type': 'application/x-ndjson', 'transfer-encoding': 'chunked' };
  const options = { method: 'POST', path: '/api/v1/events', headers, localAddress, agent: false };
  const asked = request({ host: '127.0.0.1', port, ...options });
  asked.on('error', () => {});
  return asked;
}

async function statusOf(asked: ClientRequest): Promise<number> {
  const [response] = await once(asked, 'response');
  response.resume();
  return response.statusCode;
}

it('uploads that never finish leave room for those of other addresses, and give theirs back', async () => {
  const endless = Array.from({ length: 6 }, () => upload());
  const refused = Promise.race(endless.map(statusOf));
  for (const each of endless) each.write(Buffer.alloc(3.5 * MIB, '\n'));
  expect(await refused).toBe(429);
  const other = upload('127.0.0.2');
  other.end('{"type":"heartbeat"}\n');
  expect(await statusOf(other)).toBe(202);
  for (const each of endless) each.destroy();
  const send = async () => {
    const again = upload();
    again.end(`${'\n'.repeat(3 * MIB)}{"type":"heartbeat"}\n`);
    return statusOf(again);
  };
  await expect.poll(send).toBe(202);
});
