import { parse } from 'csv-parse/sync';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SESSION_SORTS } from '../../src/journal/read/sessions/session-sorts.ts';
import { ApiUnderTest, type Item, NOON } from './api-under-test.ts';

let api: ApiUnderTest;
beforeEach(async () => {
  api = await new ApiUnderTest().start();
});
afterEach(() => api.stop());

const MINUTE_MS = 60_000;

/** A session that began so many minutes before noon, and ended so many minutes after its start where it did. */
async function visit(id: string, before: number, minutes: number | null, more: object = {}): Promise<void> {
  const who = { user: { directory: 'LAB', id }, host: 'qs1', ...more };
  const startedAt = NOON - before * MINUTE_MS;
  const at = (time: number): string => new Date(time).toISOString();
  const items = [{ ...who, type: 'session_start', at: at(startedAt) }];
  if (minutes !== null) {
    items.push({ ...who, type: 'session_stop', at: at(startedAt + minutes * MINUTE_MS) });
  }
  expect((await api.post(items)).body).toMatchObject({ accepted: items.length });
}

const namesOf = (items: readonly Item[]): unknown[] => items.map(({ user }) => user?.id);
const sessions = async (query: string) => (await api.get(`/api/v1/sessions?${query}`)).body;
const listed = async (query: string): Promise<unknown[]> => namesOf((await sessions(query)).items);

describe('an order', () => {
  it('of names is that of people: without case and accents, and with numbers as numbers', async () => {
    for (const id of ['Österreich', 'anna10', 'Zoe', 'ANNA9', 'oslo', 'otto']) await visit(id, 9, 5);
    const names = ['ANNA9', 'anna10', 'oslo', 'Österreich', 'otto', 'Zoe'];
    expect(await listed('sort=user')).toEqual(names);
    expect(await listed('sort=user&order=desc')).toEqual(names.toReversed());
  });

  it('goes down from the latest and largest where nothing is said, and names go up', async () => {
    await visit('short', 9, 2);
    await visit('long', 10, 8);
    expect(await listed('sort=duration')).toEqual(['long', 'short']);
    expect(await listed('sort=ended')).toEqual(['short', 'long'].toReversed());
    expect(await listed('sort=user')).toEqual(['long', 'short']);
    expect(await listed('')).toEqual(['long', 'short']);
    expect(await listed('order=asc')).toEqual(['short', 'long']);
  });

  it('has those without a value last, whichever way it goes', async () => {
    await visit('first', 20, 5);
    await visit('open', 10, null);
    await visit('second', 20, 8);
    expect(await listed('sort=ended&order=asc')).toEqual(['first', 'second', 'open']);
    expect(await listed('sort=ended&order=desc')).toEqual(['second', 'first', 'open']);
  });

  it('has the newest of equals first, whichever way it goes', async () => {
    for (const id of ['a', 'b', 'c']) await visit(id, 9, 5);
    expect(await listed('sort=host&order=asc')).toEqual(['c', 'b', 'a']);
    expect(await listed('sort=host&order=desc')).toEqual(['c', 'b', 'a']);
  });

  it('says how many there are and how many were sorted, also where no moment was asked for', async () => {
    for (const id of ['a', 'b', 'c']) await visit(id, 9, 5);
    const sorted = { total: 3, totalIsAtLeast: false, sortedOf: 3, quality: null };
    expect(await sessions('sort=user&limit=1')).toMatchObject(sorted);
    expect(await sessions('sort=started')).toMatchObject({ total: null, sortedOf: null });
    const now = await sessions('sort=user&active=true');
    expect(now).toMatchObject({ total: 0, sortedOf: 0, quality: 'estimated' });
  });

  it('by duration shows each session once, although those that are open go on or end while one reads', async () => {
    const user = (n: number): string => `u${n}`;
    for (let n = 0; n < 12; n += 1) await visit(user(n), 14 - n, n % 3 === 0 ? n / 2 + 1 : null);
    const seen: Item[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const body = await sessions(`sort=duration&limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`);
      seen.push(...body.items);
      cursor = body.nextCursor;
      api.pass(150);
      const stopped = { directory: 'LAB', id: user(seen.length + 1) };
      await api.post([{ type: 'session_stop', user: stopped, host: 'qs1' }]);
    }
    const names = namesOf(seen);
    expect(new Set(names).size).toBe(12);
    expect(names.length).toBe(12);
  });

  it.each(SESSION_SORTS)('by %s comes as CSV in the same pages, each naming the next one', async (sort) => {
    for (let n = 0; n < 7; n += 1) await visit(`u${n}`, 30 - n, n % 3 === 0 ? null : n + 1);
    const ids: unknown[] = [];
    const total = sort === 'started' ? undefined : '7';
    let next: string | undefined = `/api/v1/sessions?sort=${sort}&limit=3&format=csv`;
    while (next !== undefined) {
      const { text, headers } = await api.send({ method: 'GET', url: next });
      ids.push(...(parse(text, { columns: true }) as Item[]).map(({ id }) => id));
      expect(headers['headcount-total']).toBe(total);
      next = /^<([^>]+)>; rel="next"$/.exec(String(headers['link']))?.[1];
    }
    const { items } = await sessions(`sort=${sort}`);
    expect(ids).toEqual(items.map(({ id }) => id));
    expect(ids.length).toBe(7);
  });

  it('is refused where the cursor is that of another one', async () => {
    for (const id of ['a', 'b', 'c']) await visit(id, 9, 5);
    const { nextCursor } = await sessions('sort=user&limit=1');
    const { nextCursor: plain } = await sessions('limit=1');
    const json = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    for (const [query, cursor] of [
      ['sort=host', nextCursor],
      ['sort=user&order=desc', nextCursor],
      ['', nextCursor],
      ['sort=user', plain],
      ['sort=user', '1.x'],
      ['sort=user', `1.${json(7)}`],
      ['sort=user', `1.${json(['user', 'asc', 'x', 'a'])}`],
      ['sort=user', `1.${json(['user', 'asc', 7, {}])}`],
    ]) {
      const { statusCode, body } = await api.get(`/api/v1/sessions?${query}&cursor=${cursor}`);
      expect([statusCode, body.message], `${query} ${cursor}`).toEqual([
        400,
        'cursor: it is that of another order',
      ]);
    }
  });

  it('goes on behind the longest name that there may be', async () => {
    for (const id of ['9'.repeat(1024), '👩'.repeat(500), '\u0001'.repeat(1024)]) await visit(id, 9, 5);
    const whole = await listed('sort=user');
    const { items, nextCursor } = await sessions('sort=user&limit=2');
    const rest = await listed(`sort=user&limit=2&cursor=${nextCursor}`);
    expect([...namesOf(items), ...rest]).toEqual(whole);
  });
});

describe('a search', () => {
  it('finds users by any part of directory and id, in whatever case', async () => {
    await visit('Ångström', 9, 5);
    await visit('anna', 9, null);
    await visit('anna', 8, null, { user: { directory: 'Corp', id: 'ANNA2' } });
    await visit('nobody', 7, 5, { user: null });
    expect(await listed('search=ANN')).toEqual(['ANNA2', 'anna']);
    expect(await listed(`search=${encodeURIComponent('åNGS')}`)).toEqual(['Ångström']);
    expect(await listed(`search=${encodeURIComponent('b\\an')}`)).toEqual(['anna']);
    expect(await listed('search=corp&active=true')).toEqual(['ANNA2']);
    expect(await listed('search=corp&active=false')).toEqual([]);
    expect(await listed(`search=${encodeURIComponent('%')}`)).toEqual([]);
    expect(await listed(`search=${encodeURIComponent('_')}`)).toEqual([]);
    expect(await sessions('search=ann&active=true')).toMatchObject({ total: 2 });
  });

  it('finds nobody whom the rules of now exclude', async () => {
    await visit('anna', 9, 5);
    api.replaceBlacklist([{ directory: 'LAB', userId: 'anna' }]);
    expect(await listed('search=anna')).toEqual([]);
    api.replaceBlacklist([]);
    expect(await listed('search=anna')).toEqual(['anna']);
  });
});

describe('the state', () => {
  const open = (id: string, before: number) => ({
    type: 'connection_open',
    user: { directory: 'LAB', id },
    host: 'qs1',
    appId: 'app',
    at: new Date(NOON - before * MINUTE_MS).toISOString(),
  });
  beforeEach(async () => {
    for (const id of ['silent', 'lingers', 'works']) await visit(id, 20, null);
    await visit('gone', 20, 5);
    await api.post([open('works', 10), open('silent', 10)]);
    await api.post([{ ...open('works', 5), type: 'connection_close' }, open('works', 4)]);
  });

  it('says whether a session has an app open, none, or is over', async () => {
    const { items } = await sessions('sort=user');
    expect(items.map(({ user, state }) => [user?.id, state])).toEqual([
      ['gone', 'ended'],
      ['lingers', 'lingering'],
      ['silent', 'connected'],
      ['works', 'connected'],
    ]);
    expect(await listed('sort=user&state=connected')).toEqual(['silent', 'works']);
    expect(await listed('state=lingering')).toEqual(['lingers']);
    expect(await listed('state=ended')).toEqual(['gone']);
    expect(await sessions('state=connected')).toMatchObject({ total: 2 });
  });

  it('is an order too, from connected to ended, also of a past moment', async () => {
    expect(await listed('sort=state')).toEqual(['works', 'silent', 'lingers', 'gone']);
    expect(await listed('sort=state&order=desc')).toEqual(['gone', 'lingers', 'works', 'silent']);
    const at = new Date(NOON - 5 * MINUTE_MS).toISOString();
    expect(await listed(`sort=state&at=${at}`)).toEqual(['silent', 'works', 'lingers']);
    api.site.losses.touchAll('drops', NOON, 3);
    await api.post([open('works', 0)]);
    // Two are doubtful now, of which the newer one comes first.
    expect(await listed('sort=state')).toEqual(['works', 'lingers', 'silent', 'gone']);
    expect(await listed('sort=state&order=desc')).toEqual(['gone', 'lingers', 'silent', 'works']);
  });

  it('is doubtful of an open session without a sign of life since lines were lost, whatever is open in it', async () => {
    api.site.losses.touchAll('drops', NOON, 3);
    await api.post([open('works', 0)]);
    expect(await listed('sort=user&state=doubtful')).toEqual(['lingers', 'silent']);
    expect(await listed('state=connected')).toEqual(['works']);
    expect(await listed('state=lingering')).toEqual([]);
  });

  it('of a past moment is that of then', async () => {
    const at = (before: number): string => `at=${new Date(NOON - before * MINUTE_MS).toISOString()}`;
    const states = async (query: string) =>
      (await sessions(`sort=user&${query}`)).items.map(({ user, state }) => `${user?.id} ${state}`);
    expect(await states(at(18))).toEqual([
      'gone lingering',
      'lingers lingering',
      'silent lingering',
      'works lingering',
    ]);
    expect(await states(at(10))).toEqual(['lingers lingering', 'silent connected', 'works connected']);
    expect(await states(`${at(5)}&state=lingering`)).toEqual(['lingers lingering', 'works lingering']);
    expect(await states(`${at(4)}&state=connected`)).toEqual(['silent connected', 'works connected']);
  });

  it.each([
    ['at=2026-05-19T11:50:00Z&state=ended', 'state: with at, expected connected or lingering'],
    ['at=2026-05-19T11:50:00Z&state=doubtful', 'state: with at, expected connected or lingering'],
    ['state=ended&active=true', 'state: no session that is ended fits the other filters'],
    ['state=connected&active=false', 'state: no session that is connected fits the other filters'],
    ['state=ended&doubtful=true', 'state: no session that is ended fits the other filters'],
  ])('is refused where nothing can fit: %s', async (query, message) => {
    const { statusCode, body } = await api.get(`/api/v1/sessions?${query}`);
    expect([statusCode, body.message]).toEqual([400, message]);
  });
});
