import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiUnderTest, type Item, NOON, SALES } from './api-under-test.ts';
import { eventsOf, someVisits } from './visits.ts';

const MINUTE_MS = 60_000;
const api = new ApiUnderTest();
let opened: readonly Item[] = [];

beforeAll(async () => {
  await api.start();
  await api.post(eventsOf(someVisits(47)));
  const user = { directory: 'LAB', id: 'failed' };
  const at = new Date(NOON - MINUTE_MS).toISOString();
  await api.post([{ type: 'connection_open', user, host: 'qs1', appId: SALES, result: 403, at }]);
  const { items } = (await api.get('/api/v1/events?limit=1000')).body;
  opened = items.filter(
    (item) => ['session_start', 'connection_open'].includes(String(item['kind'])) && item['result'] !== 403,
  );
});
afterAll(() => api.stop());

describe('around a moment', () => {
  const time = (item: Item) => Date.parse(String(item['at']));

  it('is what looking at every event finds, the nearest first', async () => {
    const minutes = fc.integer({ min: -70, max: 5 });
    const host = fc.constantFrom(undefined, 'qs1', '10.0.0.7', 'nobody');
    await fc.assert(
      fc.asyncProperty(minutes, fc.integer({ min: 1, max: 60 }), host, async (at, within, host) => {
        const moment = NOON + at * MINUTE_MS;
        const expected = opened
          .filter((item) => time(item) <= moment && time(item) >= moment - within * MINUTE_MS)
          .filter((item) => host === undefined || item['host'] === host)
          .map((item) => ({ secondsBefore: (moment - time(item)) / 1000, ...item }))
          .sort((a, b) => a.secondsBefore - b.secondsBefore || Number(b['seq']) - Number(a['seq']));
        const more = host === undefined ? '' : `&host=${host}`;
        const { body } = await api.get(
          `/api/v1/around?at=${new Date(moment).toISOString()}&within=${within}m&limit=1000${more}`,
        );
        expect(body).toEqual({
          at: new Date(moment).toISOString(),
          from: new Date(moment - within * MINUTE_MS).toISOString(),
          total: expected.length,
          totalIsAtLeast: false,
          items: expected,
        });
      }),
      { numRuns: 60 },
    );
  });

  it('is now and a quarter of an hour unless given, and no more than asked for', async () => {
    const { body } = await api.get('/api/v1/around?limit=3');
    expect(body).toMatchObject({ at: '2026-05-19T12:00:00.000Z', from: '2026-05-19T11:45:00.000Z' });
    const recent = opened.filter((item) => time(item) >= NOON - 15 * MINUTE_MS);
    expect([body['total'], body.items.length]).toEqual([recent.length, 3]);
  });

  it('comes as CSV', async () => {
    const { items } = (await api.get('/api/v1/around')).body;
    const rows = parse((await api.get('/api/v1/around?format=csv')).text, { columns: true }) as object[];
    expect(rows).toMatchObject(
      items.map(({ seq, secondsBefore }) => ({ seq: `${seq}`, secondsBefore: `${secondsBefore}` })),
    );
    expect(rows.length).toBeGreaterThan(2);
  });

  it.each([
    ['within=2d', 'within: expected a duration from 1s to 1d'],
    ['within=soon', 'within: expected a duration with a unit (ms, s, m, h, d) such as "30m"'],
    ['at=10:14', expect.stringContaining('at: ')],
  ])('is refused for %s', async (query, message) => {
    const { statusCode, body } = await api.get(`/api/v1/around?${query}`);
    expect([statusCode, body['message']]).toEqual([400, message]);
  });
});
