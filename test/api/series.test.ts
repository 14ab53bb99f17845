import { afterAll, beforeAll, expect, it } from 'vitest';
import { ApiUnderTest, SALES } from './api-under-test.ts';

const api = new ApiUnderTest();
const ann = { directory: 'LAB', id: 'ann' };
const bob = { directory: 'LAB', id: 'bob' };

beforeAll(async () => {
  await api.start();
  await api.post([
    { type: 'session_start', user: ann, host: 'qs1', virtualProxy: 'sales' },
    { type: 'session_start', user: bob, host: 'qs2' },
  ]);
  api.pass(10);
  await api.post([
    { type: 'connection_open', user: ann, host: 'qs1', appId: SALES },
    { type: 'session_stop', user: bob, host: 'qs2' },
    { type: 'session_rejected', user: bob, host: 'qs2' },
  ]);
  api.pass(10);
});
afterAll(() => api.stop());

/** The point of `second` in the minute after noon. */
async function point(query: string, second: number) {
  const { statusCode, body } = await api.get(`/api/v1/series${query}`);
  expect(statusCode).toBe(200);
  expect(body).toMatchObject({ window: '60s', stepSeconds: 1 });
  expect(body.points).toHaveLength(60);
  return body.points.find(({ at }) => Date.parse(at) === Date.parse('2026-05-19T12:00:00Z') + second * 1000);
}

it('the last minute comes in seconds; what was before the program ran is null, never 0', async () => {
  const nothing = { created: 0, destroyed: 0, rejected: 0 };
  expect(await point('', -5)).toMatchObject({ created: null, active: null, users: null, connections: null });
  expect(await point('', 0)).toMatchObject({ ...nothing, created: 2, active: 2, users: 2, connections: 0 });
  expect(await point('', 5)).toMatchObject({ ...nothing, active: 2, users: 2, connections: 0 });
  const at10 = { created: 0, destroyed: 1, rejected: 1, active: 1, users: 1, connections: 1 };
  expect(await point('?window=60s', 10)).toMatchObject(at10);
});

it('one host, virtual proxy or app can be asked for', async () => {
  expect(await point('?host=QS2.example.com', 10)).toMatchObject({ destroyed: 1, rejected: 1, active: 0 });
  expect(await point('?host=qs1', 15)).toMatchObject({ destroyed: 0, active: 1, users: 1, connections: 1 });
  expect(await point('?virtualProxy=sales', 15)).toMatchObject({ active: 1, users: 1, connections: 1 });
  expect(await point(`?app=${SALES.toUpperCase()}`, 15)).toMatchObject({
    active: 1,
    users: 1,
    connections: 1,
  });
  expect(await point('?host=nobody', 15)).toMatchObject({ created: 0, active: 0, users: 0, connections: 0 });
});

it.each([
  ['60s', 1, 60],
  ['1h', 5, 720],
  ['1d', 60, 1440],
  ['1w', 3600, 168],
])('the window %s has a point every %i s', async (window, stepSeconds, points) => {
  const { body } = await api.get(`/api/v1/series?window=${window}`);
  expect(body).toMatchObject({ window, stepSeconds });
  expect(body.points).toHaveLength(points);
  expect(body.points.reduce((sum, { created }) => sum + Number(created ?? 0), 0)).toBe(2);
});
