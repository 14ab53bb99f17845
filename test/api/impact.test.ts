import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiUnderTest, type Item, SALES } from './api-under-test.ts';

const MINUTE_MS = 60_000;
/** Time-out and grace of the API under test, where the virtual proxy `hdr` has a shorter one. */
const idleMs = (item: Item) => (item['virtualProxy'] === 'hdr' ? 15 : 35) * MINUTE_MS;

const api = new ApiUnderTest();
let open: readonly Item[] = [];
/** When the last line of each of these came, by id. */
const seenAt = new Map<string, number>();

/** People come and go within half an hour; some leave an app open, some only their session. */
beforeAll(async () => {
  await api.start();
  const at = (minutes: number) => new Date(api.now - minutes * MINUTE_MS).toISOString();
  const [draws] = fc.sample(fc.array(fc.nat(999), { minLength: 240, maxLength: 240 }), {
    seed: 5,
    numRuns: 1,
  });
  const items = Array.from({ length: 80 }, (_, n) => {
    const [a = 0, b = 0, c = 0] = draws?.slice(3 * n, 3 * n + 3) ?? [];
    const user = n % 20 === 7 ? null : { directory: 'LAB', id: `u${a % 25}` };
    const who = { user, host: `qs${b % 3}`, virtualProxy: ['sales', 'hdr', null][c % 3] };
    return [
      { ...who, type: 'session_start', at: at(29 - (a % 9)) },
      ...(b % 2 === 0 ? [{ ...who, type: 'connection_open', at: at(19 - (b % 9)), appId: SALES }] : []),
      ...(c % 5 === 0 ? [{ ...who, type: 'session_stop', at: at(c % 9) }] : []),
    ];
  });
  for (const visit of items) {
    expect((await api.post(visit)).statusCode).toBe(202);
    api.pass(3);
  }
  open = (await api.get('/api/v1/sessions?active=true&limit=1000')).body.items;
  for (const { id } of open) {
    const timeline = (await api.get(`/api/v1/sessions/${id}`)).body['timeline'] as Item[];
    seenAt.set(id, Math.max(...timeline.map((event) => Date.parse(String(event['at'])))));
  }
});
afterAll(() => api.stop());

const names = (items: readonly Item[]) =>
  new Set(items.flatMap(({ user }) => (user === null ? [] : [user.id]))).size;

describe.each<[query: string, covers: (item: Item) => boolean]>([
  ['', () => true],
  ['host=QS1.example.com', (item) => item['host'] === 'qs1'],
  ['virtualProxy=sales', (item) => item['virtualProxy'] === 'sales'],
  ['host=qs2&virtualProxy=hdr', (item) => item['host'] === 'qs2' && item['virtualProxy'] === 'hdr'],
  ['host=nobody', () => false],
])('who is hit where %j stops', (query, covers) => {
  const due = (item: Item) =>
    item['openConnections'] === 0 ? (seenAt.get(item.id) ?? 0) + idleMs(item) : null;
  const iso = (time: number | null) => (time === null ? null : new Date(time).toISOString());

  it('is what looking at each open session finds', async () => {
    const hit = open.filter(covers);
    const idle = hit.filter((item) => item['openConnections'] === 0);
    const { body } = await api.get(`/api/v1/impact?limit=1000&${query}`);
    expect(body).toEqual({
      asOf: new Date(api.now).toISOString(),
      quality: 'estimated',
      reasons: ['warming_up', 'unnumbered'],
      sessions: hit.length,
      users: names(hit),
      connectedUsers: names(hit.filter((item) => item['openConnections'] !== 0)),
      lingering: idle.length,
      lastTimeoutAt: idle.length === 0 ? null : iso(Math.max(...idle.map((item) => due(item) ?? 0))),
      items: hit.map((item) => ({ ...item, timesOutAt: iso(due(item)) })),
      nextCursor: null,
    });
  });

  it('comes in pages, each with the same summary', async () => {
    const whole = (await api.get(`/api/v1/impact?limit=1000&${query}`)).body;
    const ids: string[] = [];
    for (let cursor: string | null = ''; cursor !== null; ) {
      const after = cursor === '' ? '' : `&cursor=${cursor}`;
      const { body } = await api.get(`/api/v1/impact?limit=7&${query}${after}`);
      expect({ ...body, items: [], nextCursor: null }).toEqual({ ...whole, items: [], nextCursor: null });
      ids.push(...body.items.map(({ id }) => id));
      cursor = body.nextCursor;
    }
    expect(ids).toEqual(whole.items.map(({ id }) => id));
  });
});

it('the sessions come as CSV, with when they time out', async () => {
  const { items } = (await api.get('/api/v1/impact?host=qs1')).body;
  const { text } = await api.get('/api/v1/impact?host=qs1&format=csv');
  const rows = parse(text, { columns: true }) as Record<string, string>[];
  expect(rows.map(({ id, timesOutAt }) => ({ id, timesOutAt }))).toEqual(
    items.map((item) => ({ id: item.id, timesOutAt: String(item['timesOutAt'] ?? '') })),
  );
});

it('a session ends when it was said to, and not a second earlier', async () => {
  const { body } = await api.get('/api/v1/impact?limit=1000');
  const dues = body.items.flatMap((item) =>
    item['timesOutAt'] === null ? [] : [Date.parse(String(item['timesOutAt']))],
  );
  const first = Math.min(...dues);
  const lingering = async () => Number((await api.get('/api/v1/impact')).body['lingering']);
  api.pass((first - api.now) / 1000);
  expect(await lingering()).toBe(dues.length);
  api.pass(1);
  expect(await lingering()).toBe(dues.filter((due) => due > first).length);
});
