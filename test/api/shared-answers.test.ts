import { afterEach, beforeEach, expect, it } from 'vitest';
import { ApiUnderTest } from './api-under-test.ts';

let api: ApiUnderTest;
beforeEach(async () => {
  api = await new ApiUnderTest().start();
});
afterEach(() => api.stop());

const enter = (id: string) =>
  api.post([{ type: 'session_start', user: { directory: 'LAB', id }, host: 'qs1' }]);

/** Who has a session, as a client is told that says so of the age of its answers. */
async function users(cacheControl?: string, url = '/api/v1/sessions'): Promise<unknown[]> {
  const headers = cacheControl === undefined ? {} : { 'cache-control': cacheControl };
  const { statusCode, body } = await api.send({ method: 'GET', url, headers });
  expect(statusCode).toBe(200);
  return body.items.map(({ user }) => user?.id).sort();
}

it('who takes an answer a second old is told what another one was told, and everyone else what is', async () => {
  await enter('ann');
  expect(await users('max-age=1')).toEqual(['ann']);
  await enter('bob');
  api.now += 999;
  expect(await users('max-age=1')).toEqual(['ann']);
  expect(await users()).toEqual(['ann', 'bob']);
  expect(await users('max-age=0')).toEqual(['ann', 'bob']);
  expect(await users('no-cache, max-age=1')).toEqual(['ann', 'bob']);
  expect(await users('private, Max-Age=1')).toEqual(['ann']);
  api.now += 1;
  expect(await users('max-age=1')).toEqual(['ann', 'bob']);
});

it('another question has an answer of its own', async () => {
  await enter('ann');
  expect(await users('max-age=1')).toEqual(['ann']);
  await enter('bob');
  api.now += 1_000;
  expect(await users('max-age=1', '/api/v1/sessions?limit=50')).toEqual(['ann', 'bob']);
  expect(await users('max-age=1', '/api/v1/sessions?search=bob')).toEqual(['bob']);
});

it('many who ask the same at once are told the same, and no age makes an answer live for ever', async () => {
  await enter('ann');
  const asking = Array.from({ length: 20 }, () => users('max-age=1'));
  expect(new Set((await Promise.all(asking)).map(String))).toEqual(new Set(['ann']));
  await enter('bob');
  api.now += 10_000;
  expect(await users('max-age=86400')).toEqual(['ann', 'bob']);
});

it('where the clock was set back nothing is taken from later', async () => {
  await enter('ann');
  expect(await users('max-age=1')).toEqual(['ann']);
  await enter('bob');
  api.now -= 500;
  expect(await users('max-age=1')).toEqual(['ann', 'bob']);
});

it('of very many different questions the first are asked anew', async () => {
  await enter('ann');
  for (let n = 1; n <= 40; n += 1) await users('max-age=1', `/api/v1/sessions?limit=${n}`);
  await enter('bob');
  await users();
  expect(await users('max-age=1', '/api/v1/sessions?limit=40')).toEqual(['ann']);
  expect(await users('max-age=1', '/api/v1/sessions?limit=2')).toEqual(['ann', 'bob']);
});

it('who takes an answer a second old commits nothing where that was done less than a second ago', async () => {
  await enter('ann');
  expect(await users()).toEqual(['ann']);
  await enter('bob');
  api.now += 999;
  expect(await users('max-age=1')).toEqual(['ann']);
  api.now += 1;
  expect(await users('max-age=1')).toEqual(['ann', 'bob']);
});
