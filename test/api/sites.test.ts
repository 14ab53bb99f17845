import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hostChoices } from '../../src/page/filter/site-lists.ts';
import { ApiUnderTest, type Item } from './api-under-test.ts';

/** As forwarded events name them; the last three are of no other site. */
const HOSTS = ['berlin/node1', 'berlin/node2', 'paris/node1', 'node1', 'berlin', 'berlin0'];
const OF_BERLIN = HOSTS.slice(0, 2);

let api: ApiUnderTest;
let [events, sessions]: (readonly Item[])[] = [[], []];

const get = async (path: string) =>
  (await api.get(`/api/v1/${path}`)).body as unknown as Record<string, never>;

async function all(path: string): Promise<Item[]> {
  const items: Item[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const body = (await get(`${path}&limit=7${cursor === '' ? '' : `&cursor=${cursor}`}`)) as unknown as {
      items: Item[];
      nextCursor: string | null;
    };
    items.push(...body.items);
    cursor = body.nextCursor;
  }
  return items;
}

beforeAll(async () => {
  api = await new ApiUnderTest().start();
  const visits = fc.sample(fc.tuple(fc.nat(5), fc.nat(30), fc.boolean()), { seed: 3, numRuns: 200 });
  for (const [host, user, stops] of visits) {
    const who = { host: HOSTS[host], user: { directory: 'LAB', id: `user${user}` } };
    await api.post([
      { type: 'session_start', ...who },
      { type: 'connection_open', app: 'app-1', ...who },
    ]);
    api.now += 700;
    if (stops) await api.post({ type: 'session_stop', ...who });
  }
  await api.settle();
  [events, sessions] = [await all('events?'), await all('sessions?')];
});
afterAll(() => api.stop());

describe('a site of several', () => {
  it.each([
    ['site=berlin', OF_BERLIN],
    ['site=BERLIN', OF_BERLIN],
    ['host=berlin/*', OF_BERLIN],
    ['site=berlin&host=node2', ['berlin/node2']],
    ['host=berlin/node1', ['berlin/node1']],
    ['site=paris', ['paris/node1']],
    ['site=nowhere', []],
    ['host=berlin', ['berlin']],
  ])('has with %s its events and sessions, and no others', async (query, hosts) => {
    const isOf = ({ host }: Item) => (hosts as unknown[]).includes(host);
    expect(await all(`events?${query}`)).toEqual(events?.filter(isOf));
    expect(await all(`sessions?${query}`)).toEqual(sessions?.filter(isOf));
    const open = sessions?.filter((item) => isOf(item) && item['endedAt'] === null) ?? [];
    const counts = (await get(`counts?${query}`)) as unknown as {
      active: { sessions: number; users: number };
      hosts: { host: string }[];
      quality: string;
    };
    expect(counts.active.sessions).toBe(open.length);
    expect(counts.active.users).toBe(new Set(open.map(({ user }) => JSON.stringify(user))).size);
    expect(new Set(counts.hosts.map(({ host }) => host))).toEqual(new Set(open.map(({ host }) => host)));
    const series = (await get(`series?window=1h&${query}`)) as unknown as {
      points: { created: number | null }[];
    };
    const created = series.points.reduce((sum, point) => sum + (point.created ?? 0), 0);
    expect(created).toBe(sessions?.filter(isOf).length);
  });

  it('says of a moment how right the whole is, as nobody judges sites', async () => {
    const at = new Date(api.now).toISOString();
    const [ofSite, ofAll] = [await get(`counts?site=berlin&at=${at}`), await get(`counts?at=${at}`)];
    expect([ofSite['quality'], ofSite['reasons']]).toEqual([ofAll['quality'], ofAll['reasons']]);
  });
});

describe('the choice of hosts on the page', () => {
  it('has all hosts of a site before the first of them', () => {
    expect(hostChoices(['a', 'berlin/x', 'berlin/y', 'paris/x'])).toEqual([
      ['a', 'a'],
      ['berlin/*', 'All hosts of berlin'],
      ['berlin/x', 'berlin/x'],
      ['berlin/y', 'berlin/y'],
      ['paris/*', 'All hosts of paris'],
      ['paris/x', 'paris/x'],
    ]);
  });
});
