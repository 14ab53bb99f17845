import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ApiUnderTest, type Item } from './api-under-test.ts';

const MINUTE_MS = 60_000;
const DIRECTORIES = ['LAB', 'Corp', null];
const REASONS = ['parallel_limit', 'denied'];

const api = new ApiUnderTest();
let sessions: readonly Item[] = [];

/** Three users of the same id in different directories come, go and are not let in. */
beforeAll(async () => {
  await api.start();
  const [draws = []] = fc.sample(fc.array(fc.nat(999), { minLength: 400, maxLength: 400 }), {
    seed: 3,
    numRuns: 1,
  });
  const items = Array.from({ length: 100 }, (_, n) => {
    const [a = 0, b = 0, c = 0, d = 0] = draws.slice(4 * n, 4 * n + 4);
    const who = {
      user: n % 25 === 3 ? null : { directory: DIRECTORIES[a % 3], id: 'ann' },
      host: `qs${b % 2}`,
    };
    const at = (minutes: number) => new Date(api.now + (minutes - 30) * MINUTE_MS).toISOString();
    const key = { sessionId: `s${n}` };
    return [
      { ...who, ...key, type: 'session_start', at: at(c % 25) },
      { ...who, ...key, type: 'session_stop', at: at((c % 25) + (d % 9)) },
      { ...who, type: 'session_rejected', reason: REASONS[d % 2], at: at(d % 30) },
    ];
  }).flat();
  const inOrder = items.sort((one, other) => (one.at < other.at ? -1 : 1));
  expect((await api.post(inOrder)).body['accepted']).toBe(300);
  sessions = (await api.get('/api/v1/sessions?limit=1000')).body.items;
});
afterAll(() => api.stop());

/** Looks at every session. */
function holders({ user, ...item }: Item): readonly Item[] {
  const moment = Date.parse(String(item['at']));
  const held = sessions.filter(
    (item) =>
      item.user !== null &&
      item.user.directory === user?.directory &&
      Date.parse(String(item['startedAt'])) <= moment &&
      (item['endedAt'] === null || Date.parse(String(item['endedAt'])) + 5 * MINUTE_MS > moment),
  );
  return held.slice(0, 25);
}

it('a rejection beyond the parallel limit has the sessions that held the seats, any other one has none', async () => {
  const { items } = (await api.get('/api/v1/rejections')).body;
  const events = (await api.get('/api/v1/events?kind=session_rejected')).body.items;
  const isLimit = (item: Item) => item['reason'] === 'parallel_limit';
  expect(items).toEqual(events.map((item) => ({ ...item, heldBy: isLimit(item) ? holders(item) : [] })));
  expect(new Set(items.map((item) => (item['heldBy'] as Item[]).length)).size).toBeGreaterThan(5);
});

it.each([
  ['reason=denied', (item: Item) => item['reason'] === 'denied'],
  ['user=corp%5CANN', (item: Item) => item.user?.directory === 'Corp'],
  ['user=%5Cann', (item: Item) => item.user !== null && item.user.directory === null],
  [
    'host=QS1.lan&reason=parallel_limit',
    (item: Item) => item['host'] === 'qs1' && item['reason'] !== 'denied',
  ],
  [
    'from=2026-05-19T11:50:00Z',
    (item: Item) => Date.parse(String(item['at'])) >= Date.parse('2026-05-19T11:50:00Z'),
  ],
])('with %j they are those that it covers, page by page', async (query, covers) => {
  const all = (await api.get('/api/v1/rejections')).body.items;
  const found: Item[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const { body } = await api.get(
      `/api/v1/rejections?limit=9&${query}${cursor === '' ? '' : `&cursor=${cursor}`}`,
    );
    found.push(...body.items);
    cursor = body.nextCursor;
  }
  expect(found).toEqual(all.filter(covers));
  expect(found.length).toBeGreaterThan(0);
});

it('as CSV a line has the ids of all sessions that held a seat', async () => {
  const { items } = (await api.get('/api/v1/rejections')).body;
  const { text } = await api.get('/api/v1/rejections?format=csv');
  const rows = parse(text, { columns: true }) as Record<string, string>[];
  expect(rows.map((row) => row['heldBy.id'])).toEqual(
    items.map((item) => (item['heldBy'] as Item[]).map(({ id }) => id).join(';')),
  );
});

it('a page is small, because each item is a search', async () => {
  expect((await api.get('/api/v1/rejections?limit=101')).statusCode).toBe(400);
});
