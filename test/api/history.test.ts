import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiUnderTest, type Item, NOON, SALES } from './api-under-test.ts';
import { eventsOf, type Posted, someVisits, type Visit } from './visits.ts';

const visits = someVisits(47);
const posted = eventsOf(visits);
const HALF_PAST = NOON - 1_800_000;
const iso = (time: number) => new Date(time).toISOString();
const nameOf = ({ user }: { user: Item['user'] }) => `${user?.directory}\\${user?.id}`;

const api = new ApiUnderTest();
beforeAll(async () => {
  await api.start();
  expect((await api.post(posted)).body).toMatchObject({ accepted: posted.length });
});
afterAll(() => api.stop());

/** All items of a list, page by page. */
async function all(path: string, limit: number): Promise<Item[]> {
  const items: Item[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const after = cursor === '' ? '' : `&cursor=${cursor}`;
    const { statusCode, body } = await api.get(
      `${path}${path.includes('?') ? '&' : '?'}limit=${limit}${after}`,
    );
    expect(statusCode).toBe(200);
    expect(body.items.length).toBeLessThanOrEqual(limit);
    items.push(...body.items);
    cursor = body.nextCursor;
  }
  return items;
}

const filters: [query: string, covers: (of: Visit | Posted) => boolean][] = [
  ['', () => true],
  ['user=user3.3', ({ user }) => user.id === 'User3.3'],
  ['user=lab%5CUSER4.4', ({ user }) => user.id === 'User4.4'],
  ['user=CORP%5Cuser4.4', () => false],
  ['user=nobody', () => false],
  ['host=QS1.example.com', ({ host }) => host === 'qs1'],
  ['host=10.0.0.7', ({ host }) => host === '10.0.0.7'],
  ['virtualProxy=sales', ({ virtualProxy }) => virtualProxy === 'sales'],
  ['virtualProxy=Sales', () => false],
  [`app=${SALES.toUpperCase()}`, ({ appId }) => appId === SALES],
  [`app=${SALES}&host=qs1`, ({ appId, host }) => appId === SALES && host === 'qs1'],
];

describe('sessions', () => {
  const onAt = ({ startedAt, endedAt }: Visit, at: number) =>
    startedAt <= at && (endedAt === null || endedAt > at);
  const overlap = ({ startedAt, endedAt }: Visit) =>
    (endedAt === null || endedAt >= HALF_PAST) && startedAt < HALF_PAST + 600_000;

  it.each<[query: string, covers: (visit: Visit) => boolean]>([
    ...filters,
    ['active=true', ({ endedAt }) => endedAt === null],
    ['active=false', ({ endedAt }) => endedAt !== null],
    ['active=false&host=qs2', ({ endedAt, host }) => endedAt !== null && host === 'qs2'],
    [`at=${iso(HALF_PAST)}`, (visit) => onAt(visit, HALF_PAST)],
    [`at=2026-05-19T13:30:00%2B02:00`, (visit) => onAt(visit, HALF_PAST)],
    [`at=2026-05-19T13:30:00+02:00`, (visit) => onAt(visit, HALF_PAST)],
    [`from=${iso(HALF_PAST)}&to=${iso(HALF_PAST + 600_000)}`, overlap],
    [
      `at=${iso(HALF_PAST + 50_000)}&app=${SALES}`,
      ({ appId, openedAt, closedAt }) =>
        appId === SALES && openedAt <= HALF_PAST + 50_000 && (closedAt ?? NOON) > HALF_PAST + 50_000,
    ],
  ])('with %j are those of the visits it covers', async (query, covers) => {
    const items = await all(`/api/v1/sessions?${query}`, 1000);
    expect(items.map(nameOf).sort()).toEqual(visits.filter(covers).map(nameOf).sort());
  });

  it.each([1, 2, 7, 46, 47, 48])('in pages of %i come each exactly once', async (limit) => {
    const ids = (await all('/api/v1/sessions', limit)).map(({ id }) => id);
    expect(ids).toHaveLength(visits.length);
    expect(new Set(ids).size).toBe(visits.length);
  });

  it('come 100 at a time, sent as JSON', async () => {
    const { headers, body } = await api.get('/api/v1/sessions');
    expect(headers['content-type']).toBe('application/json; charset=utf-8');
    expect(body).toMatchObject({ nextCursor: null });
    expect(body.items).toHaveLength(visits.length);
  });

  it('have every field of the contract', async () => {
    const [item] = (await api.get('/api/v1/sessions?user=User1.1')).body.items;
    expect(item).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{12}-\d+$/),
      user: { directory: 'Corp', id: 'User1.1' },
      class: 'person',
      host: 'qs2',
      virtualProxy: null,
      startedAt: '2026-05-19T11:01:00.000Z',
      startExact: true,
      endedAt: '2026-05-19T11:04:20.000Z',
      endReason: 'stop',
      endExact: true,
      identityExact: true,
      application: false,
      state: 'ended',
      doubtful: false,
      lastActivityAt: '2026-05-19T11:04:20.000Z',
      durationSeconds: 200,
      openConnections: 0,
      connections: 1,
      apps: [{ appId: '00000000-0000-4000-8000-000000000002', appName: null }],
      browser: null,
      os: null,
    });
  });
});

describe('one session', () => {
  it('has its connections and what happened, oldest first', async () => {
    const [{ id } = { id: '' }] = (await api.get('/api/v1/sessions?user=User3.3')).body.items;
    const { body } = await api.get(`/api/v1/sessions/${id}`);
    expect(body).toMatchObject({
      id,
      user: { directory: 'Corp', id: 'User3.3' },
      connections: [
        {
          appId: SALES,
          appName: 'Sales',
          openedAt: '2026-05-19T11:03:10.000Z',
          closedAt: '2026-05-19T11:04:40.000Z',
          closeExact: true,
        },
      ],
    });
    const timeline = body['timeline'] as Item[];
    const kinds = ['session_start', 'connection_open', 'connection_close', 'session_stop'];
    expect(timeline.map(({ kind, sessionId }) => [kind, sessionId])).toEqual(kinds.map((kind) => [kind, id]));
  });

  it.each(['x', '1', '000000000000-1', '%00', `${'9'.repeat(90)}-1`, '..%2Fcounts'])(
    'of the id %j there is none',
    async (id) => {
      const { statusCode, body } = await api.get(`/api/v1/sessions/${id}`);
      expect(statusCode).toBe(404);
      expect(body).toEqual({ statusCode: 404, error: 'Not Found', message: 'no such session' });
    },
  );
});

describe('events', () => {
  const seen = ({ at, kind, type, ...event }: (Posted & { kind?: unknown }) | Item) =>
    `${at} ${kind ?? type} ${nameOf(event as Item)}`;

  it.each<[query: string, covers: (event: Posted) => boolean]>([
    ...filters,
    ['kind=session_stop', ({ type }) => type === 'session_stop'],
    ['kind=session_rejected', () => false],
    [
      `from=${iso(HALF_PAST)}&to=${iso(HALF_PAST + 600_000)}`,
      ({ at }) => at >= iso(HALF_PAST) && at < iso(HALF_PAST + 600_000),
    ],
  ])('with %j are those of the posted that it covers, newest first', async (query, covers) => {
    const items = await all(`/api/v1/events?${query}`, 1000);
    expect(items.map(seen)).toEqual(posted.filter(covers).map(seen).reverse());
  });

  it.each([1, 10, 1000])('in pages of %i come each exactly once', async (limit) => {
    const seqs = (await all('/api/v1/events?virtualProxy=sales', limit)).map(({ seq }) => seq);
    expect(seqs).toEqual(seqs.toSorted((a, b) => b - a));
    expect(new Set(seqs).size).toBe(posted.filter(({ virtualProxy }) => virtualProxy === 'sales').length);
  });
});
