import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createExceptionlessReceiver } from '../../receivers/exceptionless/exceptionless.ts';
import { fixedAppNames } from '../../src/contract/app-names.ts';
import type { Answers } from '../../src/journal/read/answers.ts';
import { applicationsOf } from '../../src/journal/read/parts/applications-query.ts';
import { Queries } from '../../src/journal/read/queries.ts';
import { UserAgents } from '../../src/journal/read/user-agents.ts';
import { ApiUnderTest, type Item } from './api-under-test.ts';

const READER = 'a-token-that-reads-all';
const KEYS = ['shop', 'desk', 'stock'].map((name) => ({ name, token: `the-key-of-${name}` }));
const HOSTS = KEYS.map(({ name }) => name);

function given() {
  return new ApiUnderTest({
    receiver: (parts) =>
      createExceptionlessReceiver({
        ...{ ...parts, name: 'exceptionless' },
        applicationOf: (host) => ({ application: null, virtualProxy: host === 'stock' ? '/stock' : null }),
      }),
    tokens: [
      ...KEYS.map(({ name, token }) => ({
        ...{ name, token, scopes: ['ingest' as const] },
        application: {
          name: name === 'shop' ? 'The shop' : null,
          virtualProxy: name === 'stock' ? '/stock' : null,
          sessions: { timeout: 300_000, resume: 300_000, grace: 0 },
        },
      })),
      { name: 'reader', token: READER, scopes: ['read', 'ingest'] },
    ],
  }).start();
}

let api: ApiUnderTest;
/** Every session there is, as one list of them shows it. */
let every: readonly Item[] = [];
const started: number[] = [];

const get = async (path: string) =>
  api.send({ method: 'GET', url: `/api/v1/${path}`, headers: { authorization: `Bearer ${READER}` } });
const applications = async (query = '') =>
  (await get(`applications${query}`)).body as unknown as Answers['applications'];

async function post(url: string, key: string, items: readonly object[]): Promise<void> {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const reply = await api.send({ method: 'POST', url, headers, payload: JSON.stringify(items) });
  expect(reply.statusCode).toBe(202);
}

/** People of three applications come and go for two hours, among many more of Sense. */
beforeAll(async () => {
  api = await given();
  const seen = fc.sample(fc.array(fc.nat(999), { minLength: 4, maxLength: 4 }), { seed: 8, numRuns: 120 });
  for (const [a = 0, b = 0, c = 0, d = 0] of seen) {
    const { token = '' } = KEYS[a % 3] ?? {};
    const date = new Date(api.now).toISOString();
    const data =
      b % 9 === 0 ? { '@ref:session': `session-${b}` } : { '@user': { identity: `LAB\\u${b % 17}` } };
    const type = ['session', 'log', 'session', 'sessionend'][c % 4];
    await post('/api/v2/events', token, [{ type, date, message: `m${d}`, data }]);
    if (d % 40 === 0) {
      const crowd = Array.from({ length: 200 }, (_, n) => ({
        ...{ type: 'session_start', host: `qs${n % 3}`, user: { directory: 'LAB', id: `u${n}` } },
      }));
      await post('/api/v1/events', READER, crowd);
    }
    started.push(api.now);
    api.pass(60);
  }
  for (let cursor = ''; ; ) {
    const { body } = await get(`sessions?limit=1000${cursor}`);
    every = [...every, ...body.items];
    if (body.nextCursor === null) break;
    cursor = `&cursor=${body.nextCursor}`;
  }
});
afterAll(() => api.stop());

const isOfApplication = ({ host }: Item) => HOSTS.includes(String(host));
const ms = (time: unknown) => Date.parse(String(time));

/** The slow way: each session is looked at. */
function numbersOf(sessions: readonly Item[], from: number, to: number) {
  const isOn = ({ endedAt }: Item) => endedAt === null || ms(endedAt) >= to;
  const usersOf = (of: readonly Item[]) => new Set(of.flatMap(({ user }) => user?.id ?? [])).size;
  const seconds = sessions.reduce((sum, { durationSeconds }) => sum + Number(durationSeconds), 0);
  const online = sessions.filter(isOn);
  return {
    sessions: sessions.length,
    started: sessions.filter(({ startedAt }) => ms(startedAt) >= from).length,
    users: usersOf(sessions),
    averageDurationSeconds:
      sessions.length === 0 ? null : Math.round((1000 * seconds) / sessions.length) / 1000,
    online: online.length,
    usersOnline: usersOf(online),
  };
}

function expected(covers: (item: Item) => boolean, from: number, to: number | null) {
  const end = to ?? api.now + 1;
  const found = every.filter(
    (item) =>
      isOfApplication(item) &&
      covers(item) &&
      ms(item['startedAt']) < end &&
      (item['endedAt'] === null || ms(item['endedAt']) >= from),
  );
  const hosts = HOSTS.map((host) => ({ host, of: found.filter((item) => item['host'] === host) }));
  const all = numbersOf(found, from, end);
  const items = hosts
    .filter(({ of }) => of.length > 0)
    .map(({ host, of }) => ({
      host,
      name: host === 'shop' ? 'The shop' : null,
      ...numbersOf(of, from, end),
    }));
  return {
    asOf: new Date(api.now).toISOString(),
    from: new Date(from).toISOString(),
    to: new Date(to ?? api.now).toISOString(),
    known: 3,
    ...all,
    startedPerHour: Math.round((100 * all.started * 3_600_000) / (end - from)) / 100,
    total: items.length,
    items: items.toSorted((a, b) => b.sessions - a.sessions || (a.host < b.host ? -1 : 1)),
  };
}

describe.each<[query: string, covers: (item: Item) => boolean]>([
  ['', () => true],
  ['host=shop', ({ host }) => host === 'shop'],
  ['host=SHOP&virtualProxy=/stock', () => false],
  ['virtualProxy=/stock', ({ host }) => host === 'stock'],
  ['host=qs1', () => false],
])('sessions of applications where %j is asked for', (query, covers) => {
  it.each([
    ['up to now', 40, null],
    ['of the past', 20, 70],
    ['of a minute', 60, 61],
    ['before anybody came', -70, -10],
  ])('%s are what looking at every session finds', async (_what, first, last) => {
    const from = (started[0] ?? 0) + first * 60_000;
    const to = last === null ? null : (started[0] ?? 0) + last * 60_000;
    const until = to === null ? '' : `&to=${new Date(to).toISOString()}`;
    const told = await applications(`?${query}&from=${new Date(from).toISOString()}${until}`);
    expect(told).toEqual(expected(covers, from, to));
  });
});

describe('application=true', () => {
  const ids = (items: readonly Item[]) => items.map(({ id }) => id);
  const minute = (n: number) => new Date(started[n] ?? 0).toISOString();

  it.each<[query: string, covers: (item: Item) => boolean]>([
    ['', () => true],
    ['&active=true', ({ endedAt }) => endedAt === null],
    ['&active=false', ({ endedAt }) => endedAt !== null],
    ['&search=u1', ({ user }) => user?.id.includes('u1') === true],
    ['&host=desk', ({ host }) => host === 'desk'],
    ['&state=lingering', ({ state }) => state === 'lingering'],
  ])('sessions%s are those of applications alone', async (query, covers) => {
    const { body } = await get(`sessions?limit=1000&application=true${query}`);
    expect(ids(body.items)).toEqual(ids(every.filter((item) => isOfApplication(item) && covers(item))));
    expect(body.items.every(({ application }) => application === true)).toBe(true);
    expect(body.items.length).toBeGreaterThan(0);
  });

  it('sorted, at a moment and in pages they are the same', async () => {
    const moment = ms(minute(50));
    const { body } = await get(`sessions?limit=1000&application=true&at=${minute(50)}`);
    const on = ({ startedAt, endedAt }: Item) =>
      ms(startedAt) <= moment && (endedAt === null || ms(endedAt) > moment);
    expect(ids(body.items)).toEqual(ids(every.filter((item) => isOfApplication(item) && on(item))));
    const sorted = (await get('sessions?limit=1000&application=true&sort=duration')).body;
    expect(sorted['total']).toBe(every.filter(isOfApplication).length);
    const paged: string[] = [];
    for (let cursor = ''; ; ) {
      const page = (await get(`sessions?limit=7&application=true${cursor}`)).body;
      paged.push(...ids(page.items));
      if (page.nextCursor === null) break;
      cursor = `&cursor=${page.nextCursor}`;
    }
    expect(paged).toEqual(ids(every.filter(isOfApplication)));
  });

  it('and application=false are the others', async () => {
    const { body } = await get('sessions?application=false&limit=1000&sort=host');
    const others = every.filter((item) => !isOfApplication(item)).length;
    expect([body['total'], others]).toEqual([others, others]);
    expect(body.items.every((item) => !isOfApplication(item) && item['application'] === false)).toBe(true);
  });

  it.each([true, false])('numbers over time with application=%s are those of such sessions', async (is) => {
    const range = `step=1m&from=${minute(10)}&to=${minute(110)}`;
    const { points } = (await get(`series?${range}&application=${is}`)).body;
    const sessions = every.filter((item) => isOfApplication(item) === is);
    expect(points).toHaveLength(100);
    for (const point of points) {
      const [begin, end] = [ms(point.at), ms(point.at) + 60_000];
      const on = sessions.filter(
        ({ startedAt, endedAt }) => ms(startedAt) < end && (endedAt === null || ms(endedAt) >= end),
      );
      const created = sessions.filter(({ startedAt }) => ms(startedAt) >= begin && ms(startedAt) < end);
      expect(point).toMatchObject({
        created: created.length,
        active: on.length,
        users: new Set(on.flatMap(({ user }) => user?.id ?? [])).size,
        ...{ rejected: null, connections: 0, sessionsHigh: null },
      });
    }
  });
});

it('the numbers of each application come as CSV', async () => {
  const { items } = await applications();
  const { text } = await get('applications?format=csv');
  const rows = parse(text, { columns: true }) as Record<string, string>[];
  expect(rows).toEqual(
    items.map((item) =>
      Object.fromEntries(Object.entries(item).map(([key, value]) => [key, String(value ?? '')])),
    ),
  );
});

it('numbers are null where there are more sessions than may be looked at', () => {
  const database = api.openDatabase();
  const { items } = new Queries(database, fixedAppNames(new Map()), new UserAgents());
  const question = { ...{ from: 0, to: null, host: null, virtualProxy: null }, names: [] };
  const all = every.filter(isOfApplication).length;
  expect(applicationsOf(database, items, question, api.now, all)).toMatchObject({ sessions: all, total: 3 });
  const unknown = applicationsOf(database, items, question, api.now, all - 1);
  expect(unknown).toMatchObject({
    known: 3,
    sessions: null,
    online: null,
    startedPerHour: null,
    total: null,
    items: [],
  });
  database.close();
});

it('a range that ends before it begins is refused', async () => {
  const { statusCode, body } = await get('applications?from=2026-05-19T12:00:00Z&to=2026-05-19T11:00:00Z');
  expect([statusCode, body.message]).toEqual([400, 'from: later than to']);
});

it('where no application ever sent anything there is none, and nobody', async () => {
  const sense = await new ApiUnderTest().start();
  await sense.post([{ type: 'session_start', user: { directory: 'LAB', id: 'ann' }, host: 'qs1' }]);
  expect((await sense.get('/api/v1/applications')).body).toMatchObject({
    known: 0,
    sessions: 0,
    items: [],
    total: 0,
  });
  expect((await sense.get('/api/v1/sessions?application=true&active=true')).body.items).toEqual([]);
  expect((await sense.get('/api/v1/sessions?application=true')).body.items).toEqual([]);
  await sense.stop();
});
