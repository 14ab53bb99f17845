import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SESSION_SORTS, SORT_DIRECTIONS } from '../../src/journal/read/sessions/session-sorts.ts';
import { partitionOf } from '../../src/nats/partition.ts';
import { ApiUnderTest, type Body, type Item } from '../api/api-under-test.ts';
import { Network } from './network.ts';

const PARTITIONS = 3;
const network = new Network(PARTITIONS);
const centres: ApiUnderTest[] = [];
let one: ApiUnderTest;

const HOSTS = ['berlin/n1', 'berlin/n2', 'paris/n10'];
const AGENTS = [
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36',
  'Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0',
];

/** Users who come and go, each line a second after the one before. */
function* happenings() {
  for (let n = 0; n < 90; n += 1) {
    const user = n % 4 === 3 ? n - 3 : n;
    const type = n % 4 === 3 ? 'session_stop' : n % 4 === 2 ? 'connection_open' : 'session_start';
    const id = type === 'connection_open' ? user - 1 : user;
    const host = HOSTS[(id * 7) % 3] ?? '';
    yield {
      ...{ type, host, id: `e${n}`, virtualProxy: id % 2 === 0 ? '/sales' : undefined },
      user: { directory: id % 5 === 0 ? 'LAB' : 'CORP', id: `user${id}` },
      ...(type === 'connection_open' ? { appId: `app${id % 3}` } : {}),
      userAgent: type === 'session_start' ? AGENTS[id % 2] : undefined,
    };
  }
}

beforeAll(async () => {
  for (let partition = 0; partition < PARTITIONS; partition += 1) {
    const api = new ApiUnderTest({ centres: (name) => network.centre(name, [partition]) });
    centres.push(await api.start());
  }
  one = await new ApiUnderTest().start();
  for (const item of happenings()) {
    const partition = partitionOf(item.host, item.user, PARTITIONS);
    for (const api of [...centres, one]) api.pass(1);
    for (const api of [centres[partition] as ApiUnderTest, one]) {
      const { statusCode } = await api.post([item]);
      expect(statusCode).toBe(202);
    }
  }
  await network.begin();
});

afterAll(async () => {
  for (const api of [...centres, one]) await api.stop();
});

/** All pages, one after the other. */
async function everything(api: ApiUnderTest, path: string): Promise<{ items: Item[]; pages: Body[] }> {
  const pages: Body[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const { statusCode, body, text } = await api.get(
      `${path}${cursor && `&cursor=${encodeURIComponent(cursor)}`}`,
    );
    expect([statusCode, statusCode === 200 ? '' : text]).toEqual([200, '']);
    pages.push(body);
    cursor = body.nextCursor;
    expect(pages.length).toBeLessThan(200);
  }
  return { items: pages.flatMap(({ items }) => items), pages };
}

/** Without what only the store says that has it. */
const told = ({ id: _, seq: _seq, sessionId: _session, ...item }: Item) => item;
const centre = () => centres[1] as ApiUnderTest;

describe('any of the centres that share a stream', () => {
  it('turns the same pages of sessions as one Headcount that got everything: each once, in order', async () => {
    const asked = fc.record({
      sort: fc.constantFrom(...SESSION_SORTS),
      order: fc.option(fc.constantFrom(...SORT_DIRECTIONS)),
      limit: fc.integer({ min: 1, max: 40 }),
      filter: fc.constantFrom(
        '',
        '',
        '&active=true',
        '&active=false',
        '&site=berlin',
        '&app=app1',
        '&search=user1',
      ),
    });
    await fc.assert(
      fc.asyncProperty(asked, async ({ sort, order, limit, filter }) => {
        const path = `/api/v1/sessions?sort=${sort}${order === null ? '' : `&order=${order}`}${filter}`;
        const merged = await everything(centre(), `${path}&limit=${limit}`);
        const { body } = await one.get(`${path}&limit=1000`);
        expect(merged.items.map(told)).toEqual(body.items.map(told));
        expect(new Set(merged.items.map(({ id }) => id)).size).toBe(body.items.length);
        for (const page of merged.pages) {
          expect(page).toMatchObject({ partial: false, missingPartitions: [], total: body['total'] });
          expect(page.items.length).toBeLessThanOrEqual(limit);
        }
      }),
      { numRuns: 25 },
    );
  });

  it('turns the same pages of events', async () => {
    for (const [limit, filter] of [
      [1, ''],
      [7, ''],
      [1_000, ''],
      [5, '&kind=session_stop'],
      [4, '&host=berlin/n1'],
    ] as const) {
      const { items } = await everything(centre(), `/api/v1/events?limit=${limit}${filter}`);
      const { body } = await one.get(`/api/v1/events?limit=1000${filter}`);
      expect(items.map(told)).toEqual(body.items.map(told));
    }
  });

  it('asks for smaller pages where one does not fit into a message', async () => {
    network.mostReply = 4_000;
    const { items, pages } = await everything(centre(), '/api/v1/sessions?limit=1000');
    network.mostReply = Number.POSITIVE_INFINITY;
    expect(items.map(told)).toEqual((await one.get('/api/v1/sessions?limit=1000')).body.items.map(told));
    expect(pages.length).toBeGreaterThan(3);
    expect(pages.every(({ partial }) => partial === false)).toBe(true);
  });

  it('tells another one nothing but what a client may read, and of itself alone', async () => {
    const tell = (path: string) => centre().centres?.answer(path);
    for (const path of [
      '/metrics',
      '/',
      '/api/v1/ingest',
      '/api/v1/events/../ingest',
      '/api/v1/stream',
      '/api/v1/sessions/a/b',
    ]) {
      expect(await tell(path)).toEqual({ status: 404, body: '' });
    }
    const { items } = JSON.parse((await tell('/api/v1/sessions?limit=1000'))?.body ?? '') as Body;
    const stores = new Set(items.map(({ id }) => id.split('-')[0]));
    expect([...stores]).toEqual([centre().centres?.name]);
    // A client is no centre, whatever it says.
    const { body } = await centre().get('/api/v1/sessions?limit=1000');
    expect(body).toHaveProperty('partial');
    expect(body).not.toHaveProperty('cursors');
  });

  it('loses no session and shows none twice while new ones come', async () => {
    const path = '/api/v1/sessions?limit=3';
    const before = (await one.get('/api/v1/sessions?limit=1000')).body.items.map(told);
    const seen: Item[] = [];
    let cursor: string | null = '';
    for (let page = 0; cursor !== null; page += 1) {
      const { body }: { body: Body } = await centre().get(`${path}${cursor && `&cursor=${cursor}`}`);
      seen.push(...body.items);
      cursor = body.nextCursor;
      const item = {
        type: 'session_start',
        host: 'later/n1',
        id: `later${page}`,
        user: { directory: 'LAB', id: `later${page}` },
      };
      const partition = partitionOf(item.host, item.user, PARTITIONS);
      for (const api of [centres[partition] as ApiUnderTest, one]) await api.post([item]);
    }
    expect(new Set(seen.map(({ id }) => id)).size).toBe(seen.length);
    const isThen = (item: object) => (item as { host: string }).host !== 'later/n1';
    const bare = (item: object) => ({ ...item, durationSeconds: 0 });
    expect(seen.map(told).filter(isThen).map(bare)).toEqual(before.map(bare));
  });

  it('has each session of any of them, and the counts of parts, of past moments and of classes', async () => {
    const { items } = (await centre().get('/api/v1/sessions?limit=9')).body;
    for (const { id, user } of items) {
      expect((await centre().get(`/api/v1/sessions/${id}`)).body).toMatchObject({ id, user });
    }
    expect((await centre().get('/api/v1/sessions/unknown-1')).statusCode).toBe(404);
    const at = new Date(one.now - 40_000).toISOString();
    for (const query of [
      'host=berlin/n1',
      'site=berlin',
      'virtualProxy=/sales',
      'app=app1',
      'class=person',
      `at=${at}`,
    ]) {
      const [merged, single] = [
        await centre().get(`/api/v1/counts?${query}`),
        await one.get(`/api/v1/counts?${query}`),
      ];
      const numbers = ({ active, hosts, virtualProxies, created }: Body) => {
        const { bounds: _, ...open } = active as Record<string, unknown>;
        const opens = (hosts as Record<string, unknown>[]).map(({ host, sessions, users, connections }) => ({
          host,
          sessions,
          users,
          connections,
        }));
        return { open, opens: opens.filter(({ sessions }) => sessions !== 0), virtualProxies, created };
      };
      expect(numbers(merged.body)).toEqual(numbers(single.body));
    }
  });

  it('has points that add up', async () => {
    const range = `step=5s&from=${new Date(one.now - 60_000).toISOString()}&to=${new Date(one.now - 10_000).toISOString()}`;
    const [merged, single] = [
      await centre().get(`/api/v1/series?${range}`),
      await one.get(`/api/v1/series?${range}`),
    ];
    const counted = ({ points }: Body) =>
      points.map(({ at, created, destroyed, active, users }) => ({ at, created, destroyed, active, users }));
    expect(counted(merged.body)).toEqual(counted(single.body));
    expect(merged.body).toMatchObject({ partial: false });
  });

  it('gives pages as CSV', async () => {
    const { text, headers } = await centre().get('/api/v1/sessions?limit=5&format=csv');
    expect(text.trimEnd().split('\r\n')).toHaveLength(6);
    expect(headers['link']).toMatch(/cursor=c\./);
  });

  it('refuses what is wrong in the words of one, and cursors of other askings', async () => {
    expect((await centre().get('/api/v1/sessions?doubtful=true&active=false')).body.message).toMatch(
      /doubtful/,
    );
    expect((await centre().get('/api/v1/sessions?cursor=5')).statusCode).toBe(400);
    expect((await centre().get('/api/v1/sessions?cursor=c.e30')).statusCode).toBe(400);
    expect((await one.get('/api/v1/sessions?cursor=c.W10x')).statusCode).toBe(400);
    expect((await centre().get('/api/v1/events?own=true&cursor=5')).statusCode).toBe(200);
  });

  it('says of its own partitions that they are not all, where nothing adds up', async () => {
    for (const path of ['peaks', 'impact', 'around', 'apps', 'applications']) {
      expect((await centre().get(`/api/v1/${path}`)).body).toMatchObject({ partial: true });
      expect((await one.get(`/api/v1/${path}`)).body).not.toHaveProperty('partial');
    }
  });

  it('says what is missing while one of them is not heard of, and counts it no more', async () => {
    const silent = centres[2] as ApiUnderTest;
    const name = silent.centres?.name ?? '';
    network.cutOff.add(name);
    // Not known yet: it is asked, and does not answer.
    const { body } = await centre().get('/api/v1/sessions?limit=1000');
    expect(body).toMatchObject({ partial: true, nextCursor: null });
    await network.pass(1_000);
    await network.pass(1_000);
    // Longer than the counts of a part are kept.
    centre().pass(6);
    for (const path of ['counts', 'counts?site=berlin', 'sessions', 'events', 'series']) {
      const answer = (await centre().get(`/api/v1/${path}`)).body;
      expect(answer).toMatchObject({ partial: true, missingPartitions: [2] });
    }
    expect((await centre().get('/api/v1/counts')).body).toMatchObject({ quality: 'estimated' });
    network.cutOff.clear();
    await network.pass(1_000);
    expect((await centre().get('/api/v1/counts')).body).toMatchObject({ partial: false });
  });
});
