import { afterAll, beforeAll, expect, it } from 'vitest';
import { ApiUnderTest } from './api-under-test.ts';

const MINUTE_MS = 60_000;
const api = new ApiUnderTest();
const at = (minutes: number) => new Date(api.now + (minutes - 30) * MINUTE_MS).toISOString();

const ASKED = [
  '/api/v1/sessions',
  `/api/v1/sessions?at=${at(12)}`,
  '/api/v1/events',
  '/api/v1/rejections',
  `/api/v1/around?at=${at(15)}`,
  '/api/v1/impact?host=qs1',
  `/api/v1/peaks?by=hour&from=${at(0)}&to=${at(30)}`,
];

beforeAll(async () => {
  await api.start();
  const items = ['anna', 'bert'].flatMap((id, n) => {
    const who = { user: { directory: 'LAB', id }, host: 'qs1', sessionId: id };
    return [
      { ...who, type: 'session_start', at: at(10 + n) },
      { ...who, type: 'session_rejected', reason: 'parallel_limit', at: at(20 + n) },
    ];
  });
  expect((await api.post(items)).body['accepted']).toBe(4);
});
afterAll(() => api.stop());

it.each(ASKED)(
  '%s leaves out whom the rules of now exclude, and has them again when the rule is gone',
  async (url) => {
    const before = await api.get(url);
    expect(before.statusCode).toBe(200);
    api.replaceBlacklist([{ directory: 'lab', userId: 'ANNA' }]);
    const hidden = await api.get(url);
    expect(hidden.text).not.toContain('anna');
    expect(hidden.body).not.toEqual(before.body);
    for (const count of ['total', 'sessions', 'users']) {
      if (typeof before.body[count] === 'number') expect([count, hidden.body[count]]).toEqual([count, 1]);
    }
    api.replaceBlacklist([]);
    expect((await api.get(url)).body).toEqual(before.body);
  },
);
