import { crc32 } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { foldName } from '../../src/contract/fold-name.ts';
import { ApiUnderTest, type Item } from './api-under-test.ts';

/** Pairs of names with one CRC-32, which is what the indexes hold. */
const SAME_MARK = {
  user: ['1fdc0ee9', '5fb19e8e'],
  host: ['n1fdc0ee9', 'n5fb19e8e'],
  virtualProxy: ['vp1fdc0ee9', 'vp5fb19e8e'],
  app: ['00000000-0000-4000-8000-c50963c80102', '00000000-0000-4000-8000-d3f504638284'],
} as const;
const IDS = [
  ...[
    'anna',
    'Straße',
    'STRASSE',
    'İbo',
    'Ibo',
    'ıbo',
    'J\u00fcrgen',
    'JU\u0308RGEN',
    'ΟΔΟΣ',
    'οδοσ',
    '\u212Aelvin',
    '𐐀x',
    'a\\b',
    "o'neill",
    '%',
    'a\u2028b',
  ],
  ...SAME_MARK.user,
];
const DIRECTORIES = ['LAB', 'lab', '', 'Straße'];
const HOSTS = ['qs1', '::1', '2001:db8::7', '10.0.0.7', ...SAME_MARK.host];

const api = new ApiUnderTest();
let sessions: Item[] = [];
beforeAll(async () => {
  await api.start();
  const users = DIRECTORIES.flatMap((directory) => IDS.map((id) => ({ directory, id })));
  const items = users.map((user, n) => ({
    type: 'connection_open',
    user,
    host: HOSTS[n % HOSTS.length],
    virtualProxy: SAME_MARK.virtualProxy[n % 2],
    appId: SAME_MARK.app[n % 3],
  }));
  expect((await api.post(items)).statusCode).toBe(202);
  // Without a host's, a user's or an app's name.
  expect((await api.post({ type: 'session_start', user: null, host: 'qs1' })).statusCode).toBe(202);
  sessions = [...(await api.get('/api/v1/sessions?limit=1000')).body.items];
});
afterAll(() => api.stop());

async function found(parameter: string, value: string): Promise<unknown[]> {
  const parameters = new URLSearchParams({ [parameter]: value, limit: '1000' });
  const { body } = await api.get(`/api/v1/sessions?${parameters}`);
  const { body: events } = await api.get(`/api/v1/events?${parameters}`);
  // Each event is of such a session; spellings of one user may share a session.
  expect(new Set(events.items.map(({ sessionId }) => sessionId))).toEqual(new Set(idsOf(body.items)));
  return body.items.map(({ id }) => id);
}

const idsOf = (items: readonly Item[]) => items.map(({ id }) => id);

describe('searches tell names apart as sessions do', () => {
  it('where names share a mark', () => {
    for (const [one, other] of Object.values(SAME_MARK)) expect(crc32(one)).toBe(crc32(other));
  });

  it('of users in any directory and in one, in whatever case', async () => {
    const folded = (text: string | null | undefined): string => foldName(text ?? '');
    for (const id of IDS.filter((each) => !each.includes('\\'))) {
      for (const wanted of [id, id.toUpperCase(), id.toLowerCase()]) {
        const sameId = sessions.filter(({ user }) => user !== null && folded(user.id) === folded(wanted));
        expect(await found('user', wanted), wanted).toEqual(idsOf(sameId));
        for (const directory of DIRECTORIES) {
          const both = sameId.filter(({ user }) => folded(user?.directory) === folded(directory));
          expect(await found('user', `${directory}\\${wanted}`), `${directory} ${wanted}`).toEqual(
            idsOf(both),
          );
        }
      }
    }
  });

  it('of users with a backslash in the id, where a directory is said', async () => {
    const both = sessions.filter(
      ({ user }) => user?.id === 'a\\b' && user.directory?.toLowerCase() === 'lab',
    );
    expect(both).not.toEqual([]);
    expect(await found('user', 'lab\\A\\B')).toEqual(idsOf(both));
  });

  it.each(HOSTS)('of the host %s', async (host) => {
    const expected = sessions.filter((item) => item['host'] === host);
    expect(expected).not.toEqual([]);
    expect(await found('host', host)).toEqual(idsOf(expected));
  });

  it.each([
    ['virtualProxy', SAME_MARK.virtualProxy],
    ['app', SAME_MARK.app],
  ] as const)('of each %s', async (parameter, names) => {
    const isIn = (item: Item, name: string): boolean =>
      parameter === 'virtualProxy'
        ? item['virtualProxy'] === name
        : (item['apps'] as { appId: string }[]).some(({ appId }) => appId === name);
    for (const name of names) {
      const expected = sessions.filter((item) => isIn(item, name));
      expect(expected).not.toEqual([]);
      expect(await found(parameter, name)).toEqual(idsOf(expected));
    }
  });

  it.each(['0', '1', '999999999999999'])('with cursor %s, of whatever list it is', async (cursor) => {
    const { body } = await api.get(`/api/v1/sessions?limit=1000&cursor=${cursor}&from=2020-01-01T00:00:00Z`);
    const isBefore = ({ id }: Item): boolean => Number(id.split('-')[1]) < Number(cursor);
    expect(idsOf(body.items)).toEqual(idsOf(sessions.filter(isBefore)));
    const { body: events } = await api.get(`/api/v1/events?limit=1000&cursor=${cursor}&host=qs1`);
    expect(events.items.every(({ seq }) => seq < Number(cursor))).toBe(true);
  });
});
