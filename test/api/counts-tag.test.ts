import { afterEach, beforeEach, expect, it } from 'vitest';
import { ApiUnderTest, SALES } from './api-under-test.ts';

let api: ApiUnderTest;
beforeEach(async () => {
  api = await new ApiUnderTest().start();
});
afterEach(() => api.stop());

const ask = (ifNoneMatch: string) =>
  api.send({ method: 'GET', url: '/api/v1/counts', headers: { 'if-none-match': ifNoneMatch } });
const tag = async () => String((await api.get('/api/v1/counts')).headers['etag']);

it('counts that are the same but for the time of the answer are a 304 to whoever has them', async () => {
  const before = await tag();
  expect(before).toMatch(/^W\/"[\w-]{22}"$/);
  api.now += 1;
  const { statusCode, headers, text } = await ask(before);
  expect([statusCode, text, headers['etag']]).toEqual([304, '', before]);
  expect(headers['cache-control']).toBe('private, no-cache');
  expect(headers['x-content-type-options']).toBe('nosniff');
});

it.each([
  ['*', 304],
  ['"other", TAG', 304],
  ['"other" ,TAG, "more"', 304],
  ['STRONG', 304],
  ['"other"', 200],
  ['TAGx', 200],
  ['', 200],
])('If-None-Match: %s is a %i', async (header, statusCode) => {
  const current = await tag();
  const reply = await ask(header.replace('TAG', current).replace('STRONG', current.slice(2)));
  expect(reply.statusCode).toBe(statusCode);
});

it('HEAD has the tag too', async () => {
  const { headers, text } = await api.send({ method: 'HEAD', url: '/api/v1/counts' });
  expect([headers['etag'], text]).toEqual([await tag(), '']);
});

it('the tag changes exactly when anything but the time of the answer does', async () => {
  const ann = { directory: 'LAB', id: 'ann' };
  const seen = new Map<string, string>();
  const look = async () => {
    const { headers, body } = await api.get('/api/v1/counts');
    const { asOf: _, ...rest } = body;
    return [String(headers['etag']), JSON.stringify(rest)] as const;
  };
  const note = async () => {
    const [current, rest] = await look();
    expect(seen.get(current) ?? rest).toBe(rest);
    seen.set(current, rest);
  };
  await note();
  for (const event of [
    { type: 'session_start', user: ann, host: 'qs1' },
    { type: 'session_start', user: ann, host: 'qs1', virtualProxy: 'sales' },
    { type: 'connection_open', user: ann, host: 'qs1', appId: SALES },
    { type: 'session_rejected', user: ann, host: 'qs2', reason: 'denied' },
    { type: 'connection_close', user: ann, host: 'qs1', appId: SALES },
    { type: 'session_stop', user: ann, host: 'qs1' },
  ]) {
    await api.post([event]);
    const [, rest] = await look();
    expect([...seen.values()]).not.toContain(rest);
    await note();
    // Windows pass, and the quality becomes exact, without an event.
    for (const seconds of [1, 5, 60]) {
      api.pass(seconds);
      await note();
    }
  }
  api.pass(3_600);
  await note();
  expect(seen.size).toBe(new Set(seen.values()).size);
  expect(seen.size).toBeGreaterThan(10);
});
