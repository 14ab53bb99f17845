import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Snapshot } from '../../src/contract/snapshot.ts';
import { ApiUnderTest, NOON } from './api-under-test.ts';

const api = new ApiUnderTest();
const SALES = { host: 'qs1', virtualProxy: '/sales' };
const ROOT = { host: 'qs1', virtualProxy: '/' };
const OTHER = { host: 'qs2', virtualProxy: '/' };

async function poll(
  proxy: { readonly host: string; readonly virtualProxy: string },
  at: number,
  users: readonly string[],
  more: Partial<Snapshot> = {},
): Promise<void> {
  const sessions = users.map((text, n) => {
    const [directory = '', id = ''] = text.split('/');
    return { id: `${n}`, user: { directory, id } };
  });
  const known = { hidden: [], allVirtualProxies: null, keepsUsers: true };
  await api.pipeline.snapshot({ ...proxy, at, durationMs: 12, sessions, ...known, ...more });
}

const snapshots = async (query = '') => (await api.get(`/api/v1/snapshots${query}`)).body;
const iso = (at: number) => new Date(at).toISOString();
const good = { ok: true, error: null, durationMs: 12 };

beforeAll(async () => {
  await api.start();
});
afterAll(() => api.stop());

describe('/api/v1/snapshots', () => {
  it('is empty before the first poll', async () => {
    expect(await snapshots()).toEqual({ items: [], nextCursor: null });
    expect(await snapshots(`?from=${iso(0)}`)).toEqual({ items: [], nextCursor: null });
  });

  it('has the last poll of each virtual proxy of each host, good or not, without excluded users', async () => {
    await poll(SALES, NOON, ['LAB/anna', 'LAB/Anna', 'INTERNAL/sa_proxy']);
    await poll(OTHER, NOON + 1, ['LAB/bert']);
    await poll(SALES, NOON + 30_000, ['LAB/anna', 'INTERNAL/sa_proxy', 'LAB/bert'], { keepsUsers: false });
    await poll(ROOT, NOON + 30_010, []);
    api.pipeline.snapshotFailed({ ...OTHER, at: NOON + 30_001, durationMs: 5_000, error: 'no answer' });
    expect(await snapshots()).toEqual({
      items: [
        { ...ROOT, polledAt: iso(NOON + 30_010), ...good, sessions: 0, users: 0 },
        { ...SALES, polledAt: iso(NOON + 30_000), ...good, sessions: 2, users: 2 },
        {
          ...{ ...OTHER, polledAt: iso(NOON + 30_001), ok: false },
          ...{ sessions: null, users: null, error: 'no answer', durationMs: 5_000 },
        },
      ],
      nextCursor: null,
    });
  });

  it('has those of one host or virtual proxy', async () => {
    const places = async (query: string) =>
      (await snapshots(query)).items.map(({ host, virtualProxy }) => `${host}${virtualProxy}`);
    expect(await places('?host=QS1.example.com')).toEqual(['qs1/', 'qs1/sales']);
    expect(await places('?virtualProxy=/')).toEqual(['qs1/', 'qs2/']);
    expect(await places('?virtualProxy=/sales&host=qs2')).toEqual([]);
  });

  it('has every poll of a range, newest first', async () => {
    const times = async (query: string) =>
      (await snapshots(query)).items.map(({ polledAt }) => Date.parse(String(polledAt)) - NOON);
    expect(await times(`?from=${iso(NOON + 1)}&to=${iso(NOON + 30_010)}`)).toEqual([30_001, 30_000, 1]);
    expect(await times(`?to=${iso(NOON + 30_000)}`)).toEqual([1, 0]);
    expect(await times(`?from=${iso(NOON)}&host=qs2`)).toEqual([30_001, 1]);
  });

  it.each(['', `&from=${iso(NOON)}`])('comes in pages that leave nothing out: %s', async (range) => {
    const whole = (await snapshots(`?limit=1000${range}`)).items;
    const paged = [];
    for (let cursor: string | null = ''; cursor !== null; ) {
      const page = await snapshots(`?limit=2${range}${cursor === '' ? '' : `&cursor=${cursor}`}`);
      paged.push(...page.items);
      cursor = page.nextCursor;
    }
    expect(paged).toEqual(whole);
    expect(whole.length).toBe(range === '' ? 3 : 5);
  });

  it('comes as CSV, too', async () => {
    const { text, headers } = await api.get('/api/v1/snapshots?format=csv&limit=2');
    const [names, ...rows] = parse(text) as string[][];
    expect(names?.join()).toBe('host,virtualProxy,polledAt,ok,sessions,users,error,durationMs');
    expect(rows).toEqual([
      ['qs1', '/', iso(NOON + 30_010), 'true', '0', '0', '', '12'],
      ['qs1', '/sales', iso(NOON + 30_000), 'true', '2', '2', '', '12'],
    ]);
    expect(headers['link']).toBe('</api/v1/snapshots?format=csv&limit=2&cursor=2>; rel="next"');
  });

  it.each(['from=yesterday', 'limit=0', 'cursor=x', 'user=anna'])('refuses %s', async (query) => {
    expect((await api.get(`/api/v1/snapshots?${query}`)).statusCode).toBe(400);
  });
});
