import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lose } from '../../sessions/lose.ts';
import { ApiUnderTest, NOON, SALES } from '../api-under-test.ts';

const MANY = 200_001;

let api: ApiUnderTest;
beforeEach(async () => {
  api = await new ApiUnderTest().start();
});
afterEach(() => api.stop());

const item = (type: string, id: string, more: object = {}) => ({
  ...{ type, user: { directory: 'LAB', id }, host: 'qs1' },
  ...more,
});
const counts = async (query: string) => {
  const { statusCode, body } = await api.get(`/api/v1/counts?${query}`);
  expect(statusCode).toBe(200);
  return body;
};

describe('counts of a part', () => {
  it('know as much as those of its host where it is a whole host', async () => {
    await api.post([item('session_start', 'ann'), item('session_start', 'bob', { host: 'qs2' })]);
    api.site.quality.dropped();
    api.pass(10);
    await api.post([item('session_rejected', 'ann')]);
    const whole = (await api.get('/api/v1/counts')).body;
    const [onQs1] = whole['hosts'] as Readonly<Record<string, unknown>>[];
    const body = await counts('host=QS1.example.com');
    expect(body['hosts']).toEqual([onQs1]);
    expect(body).toMatchObject({
      quality: 'estimated',
      reasons: onQs1?.['reasons'],
      active: { sessions: 1, users: 1, bounds: onQs1?.['bounds'] },
      rejected: { last5s: 1, last1m: 1, last1h: 1, total: null },
      peakToday: null,
    });
    expect(body).toMatchObject({ hostsTotal: 1, virtualProxiesTotal: 0, appsTotal: 0 });
  });

  it('have null for what cannot be known of a virtual proxy or an app', async () => {
    const more = { virtualProxy: 'sales', appId: SALES };
    await api.post([item('connection_open', 'ann', more), item('session_rejected', 'ann', more)]);
    for (const query of ['virtualProxy=sales', `app=${SALES}`, `host=qs1&app=${SALES}`]) {
      const nothing = { last5s: null, last1m: null, last1h: null, total: null };
      const body = await counts(query);
      expect(body).toMatchObject({
        active: { sessions: 1, users: 1, connections: 1, connectedUsers: 1, bounds: null },
        created: { last5s: 1, total: null },
        rejected: nothing,
        hosts: [{ host: 'qs1', bounds: null, doubtful: null, quality: 'estimated' }],
      });
      const opened = query.startsWith('app') ? { lastSecond: 0, total: 1 } : null;
      expect(body['apps']).toEqual([{ appId: SALES, appName: 'Sales', connections: 1, users: 1, opened }]);
    }
  });

  it('of which nobody has ever heard are zeros', async () => {
    const zeros = { sessions: 0, users: 0, connections: 0, connectedUsers: 0 };
    expect(await counts('host=nowhere')).toMatchObject({ active: zeros, hosts: [], created: { last1h: 0 } });
    expect(await counts('app=none&virtualProxy=none')).toMatchObject({ active: zeros, apps: [] });
  });

  it('leave out other classes of users on request', async () => {
    await api.post([item('session_start', 'ann'), item('session_start', 'svc_poll')]);
    expect(await counts('host=qs1&class=service')).toMatchObject({
      active: { sessions: 1, bounds: null, byClass: { person: { sessions: 1 }, service: { sessions: 1 } } },
      hosts: [{ sessions: 2 }],
    });
    const at = new Date(api.now).toISOString();
    expect(await counts(`at=${at}&class=person`)).toMatchObject({ active: { sessions: 1 } });
  });

  it('leave out whom the rules of now exclude', async () => {
    await api.post([item('session_start', 'ann'), item('session_start', 'bob')]);
    expect(await counts('host=qs1')).toMatchObject({ active: { sessions: 2 } });
    api.replaceBlacklist([{ directory: 'LAB', userId: 'bob' }]);
    api.pass(1);
    expect(await counts('host=qs1')).toMatchObject({ active: { sessions: 1 } });
    const at = new Date(NOON).toISOString();
    expect(await counts(`host=qs1&at=${at}`)).toMatchObject({
      active: { sessions: 1 },
      created: { last5s: 1 },
    });
  });

  it('are made anew once a second, whoever asks', async () => {
    const sessions = async () => (await counts('host=qs1'))['active'];
    expect(await sessions()).toMatchObject({ sessions: 0 });
    await api.post([item('session_start', 'ann')]);
    api.now += 980;
    expect(await sessions()).toMatchObject({ sessions: 0 });
    expect(await counts('host=qs1&virtualProxy=x')).toMatchObject({ active: { sessions: 0 } });
    api.now += 20;
    expect(await sessions()).toMatchObject({ sessions: 1 });
    // A clock that is set back keeps nothing.
    await api.post([item('session_start', 'bob')]);
    api.now -= 10_000;
    expect(await sessions()).toMatchObject({ sessions: 2 });
  });

  it('are right for each of more parts than are kept', async () => {
    await api.post(Array.from({ length: 200 }, (_, n) => item('session_start', 'ann', { host: `qs${n}` })));
    for (let n = 0; n < 200; n += 1) {
      expect(await counts(`host=qs${n}`)).toMatchObject({
        active: { sessions: 1 },
        hosts: [{ host: `qs${n}` }],
      });
    }
  });

  it('have a tag that changes with everything but asOf', async () => {
    const tag = async () => {
      const { headers } = await api.get('/api/v1/counts?host=qs1');
      return String(headers['etag']);
    };
    const before = await tag();
    api.pass(1);
    expect(await tag()).toBe(before);
    const url = '/api/v1/counts?host=qs1';
    const again = await api.send({ method: 'GET', url, headers: { 'if-none-match': before } });
    expect(again.statusCode).toBe(304);
    await api.post([item('session_start', 'ann')]);
    api.pass(1);
    expect(await tag()).not.toBe(before);
  });
});

describe('counts at a past moment', () => {
  it('say what they do not know', async () => {
    await api.post([item('session_start', 'ann')]);
    const ofMoment = (at: number) => counts(`at=${new Date(at).toISOString()}`);
    expect(await ofMoment(NOON - 1)).toMatchObject({ quality: 'unknown', reasons: ['before_store'] });
    expect(await ofMoment(NOON + 60_000)).toMatchObject({ quality: 'unknown', reasons: ['future'] });
    const { body } = await api.get('/api/v1/counts?at=yesterday');
    expect(body.message).toMatch(/^at: /);
    expect(await ofMoment(NOON)).toMatchObject({
      asOf: '2026-05-19T12:00:00.000Z',
      reconciledAt: null,
      peakToday: null,
      active: { sessions: 1, bounds: null },
      hosts: [{ host: 'qs1', sessions: 1, quality: null, reasons: [], lastEventAt: null }],
    });
  });

  it('are as right as what is known of the host that is asked for', async () => {
    await api.post([item('session_start', 'ann'), item('session_start', 'bob', { host: 'qs2' })]);
    api.pass(3_600);
    lose(api.site, 'qs1', 'gap', api.now);
    const at = new Date(api.now).toISOString();
    const reasonsOf = async (host: string) => (await counts(`at=${at}&host=${host}`))['reasons'];
    expect(await reasonsOf('qs1')).toContain('gap');
    expect(await reasonsOf('qs2')).not.toContain('gap');
  });

  it('are of before the store where retention has deleted sessions', async () => {
    await api.post([item('session_start', 'ann')]);
    api.pass(60);
    await api.post([item('session_start', 'bob')]);
    await api.settle();
    const database = api.openDatabase();
    database.exec('DELETE FROM events WHERE seq = 1');
    database.close();
    expect(await counts(`at=${new Date(NOON + 30_000).toISOString()}`)).toMatchObject({
      ...{ quality: 'unknown', reasons: ['before_store'] },
    });
  });
});

it('what would be too much work is not done: connections are null then, and a series is refused', async () => {
  await api.post([item('connection_open', 'ann', { appId: SALES, virtualProxy: 'sales' })]);
  await api.settle();
  const database = api.openDatabase();
  // As a log-in loop leaves them behind, one after the other.
  database.exec(`
    INSERT INTO connections (id, session, app, app_mark, opened_at, closed_at, close_exact, previous)
    WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < ${MANY + 100_000})
    SELECT i, session, app, app_mark, opened_at, opened_at, 1, i - 1 FROM n, (SELECT * FROM connections WHERE id = 1) c`);
  database.exec('UPDATE sessions SET last_connection = (SELECT max(id) FROM connections)');
  database.close();
  const at = new Date(NOON).toISOString();
  const unknown = { connections: null, connectedUsers: null };
  expect(await counts(`at=${at}`)).toMatchObject({
    active: { sessions: 1, users: 1, ...unknown, byClass: { person: { sessions: 1 } } },
    hosts: [{ host: 'qs1', sessions: 1, connections: null }],
    ...{ apps: [], appsTotal: null, created: { last1h: 1 } },
  });
  expect(await counts(`at=${at}&app=${SALES}`)).toMatchObject({
    active: { sessions: null, users: null, ...unknown, byClass: { person: { sessions: null } } },
    ...{ hosts: [], hostsTotal: null, created: { last5s: null, last1h: null } },
  });
  api.pass(1);
  for (const format of ['json', 'csv']) {
    const { statusCode, body } = await api.get(
      `/api/v1/series?host=qs1&virtualProxy=sales&step=1h&format=${format}`,
    );
    expect([statusCode, body.message]).toEqual([400, expect.stringMatching(/shorter one with from and to/)]);
  }
});

describe('all apps', () => {
  it('come in pages, those with the most connections first', async () => {
    await api.post([
      ...Array.from({ length: 12 }, (_, n) => item('connection_open', `u${n}`, { appId: `app-${n % 5}` })),
      item('connection_open', 'ann', { appId: SALES }),
    ]);
    api.pass(1);
    const { body: all } = await api.get('/api/v1/apps');
    expect(all).toMatchObject({ total: 6, nextCursor: null });
    expect(all.items.map((each) => [each['appId'], each['connections']])).toEqual([
      ...[0, 1].map((n) => [`app-${n}`, 3]),
      ...[2, 3, 4].map((n) => [`app-${n}`, 2]),
      [SALES, 1],
    ]);
    expect(all.items[5]).toEqual({
      ...{ appId: SALES, appName: 'Sales', connections: 1, users: 1 },
      opened: { lastSecond: 1, total: 1 },
    });
    const pages: unknown[] = [];
    for (let query = '?limit=2'; query !== ''; ) {
      const { body } = await api.get(`/api/v1/apps${query}`);
      pages.push(...body.items);
      query = body.nextCursor === null ? '' : `?limit=2&cursor=${encodeURIComponent(body.nextCursor)}`;
    }
    expect(pages).toEqual(all.items);
  });

  it('are in the counts as far as they are the largest hundred', async () => {
    await api.post(
      Array.from({ length: 150 }, (_, n) =>
        item('connection_open', `u${n}`, { appId: `app-${n}`, host: `h${n}`, virtualProxy: `v${n}` }),
      ),
    );
    const body = await counts('');
    expect(body).toMatchObject({ hostsTotal: 150, virtualProxiesTotal: 150, appsTotal: 150 });
    for (const name of ['hosts', 'virtualProxies', 'apps']) expect(body[name]).toHaveLength(100);
  });

  it.each(['x', '-', '5'])('after %j there are none', async (cursor) => {
    const { statusCode, body } = await api.get(`/api/v1/apps?cursor=${cursor}`);
    expect([statusCode, body.message]).toEqual([400, expect.stringMatching(/^cursor: /)]);
  });
});
