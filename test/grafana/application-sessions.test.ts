import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { Answers } from '../../src/journal/read/answers.ts';
import type { Row } from './ask-panel.ts';
import { Dashboard } from './dashboard.ts';
import { RunningSite } from './running-site.ts';
import { SiteView } from './site-view.ts';

const jar = inject('questdb')?.jar ?? null;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const READER = 'a-reading-key-0123456789';
const SHOP = 'the-key-of-the-shop-0123';
const DESK = 'the-key-of-the-desk-0123';
const LONG = 'application: { sessions: { timeout: 12h, grace: 0s } }';
const TOKENS = `{ name: shop, token: ${SHOP}, scopes: [ ingest ], ${LONG} },
  { name: desk, token: ${DESK}, scopes: [ ingest ], ${LONG} },
  { name: reader, token: ${READER}, scopes: [ read, ingest ] }`;

describe.skipIf(jar === null)('Application sessions', () => {
  const dashboard = new Dashboard('application-sessions');
  const begin = Date.now();
  let site: RunningSite;
  let view: SiteView;

  /** As the real clients write it; times in minutes before now. */
  function event(type: string, identity: string, minutesAgo: number, more: object = {}): object {
    const date = new Date(begin - minutesAgo * MINUTE_MS).toISOString();
    return { type, date, data: { '@user': { identity } }, ...more };
  }

  beforeAll(async () => {
    site = await RunningSite.start(jar ?? '', '', null, { tokens: TOKENS, key: READER });
    const user = { directory: 'LAB', id: 'anna' };
    await site.post([
      { type: 'session_start', user, host: 'node1' },
      { type: 'connection_open', user, host: 'node1', appId: 'sales' },
    ]);
    const shop = [
      event('session', 'LAB\\cy', 300),
      event('sessionend', 'LAB\\cy', 200),
      event('session', 'LAB\\anna', 42),
      event('usage', 'LAB\\anna', 41, { source: 'basket', count: 3 }),
      event('error', 'LAB\\anna', 40, { message: 'no answer' }),
      event('session', 'LAB\\bob', 30),
      event('sessionend', 'LAB\\bob', 10),
    ];
    await site.post(shop, '/api/v2/events', SHOP);
    await site.post([event('session', 'dora', 5), event('log', 'LAB\\anna', 4)], '/api/v2/events', DESK);
    await site.settle();
    view = new SiteView(site.wire, dashboard, { from: begin - HOUR_MS, to: begin + 5 * MINUTE_MS });
  }, 120_000);
  afterAll(() => site?.stop());

  const told = (query = '') => {
    const from = new Date(begin - HOUR_MS).toISOString();
    return site.get<Answers['applications']>(`/api/v1/applications?from=${from}${query}`);
  };
  const columns = (rows: readonly Row[], ...names: string[]) =>
    rows.map((row) => names.map((name) => row[name]));

  it.each([
    ['all', null, '&'],
    ['one', 'shop', '&host=shop'],
  ])('its numbers are those of the API, of %s', async (_, host, query) => {
    const shown = host === null ? view : view.with({ host: [host] });
    const { online, usersOnline, sessions, users, started } = await told(query);
    expect(await shown.number('Online now')).toBe(online);
    expect(await shown.number('Users online now')).toBe(usersOnline);
    expect(await shown.number('Sessions')).toBe(sessions);
    expect(await shown.number('Users')).toBe(users);
    const hours = 65 / 60;
    expect(await shown.number('Sessions per hour')).toBeCloseTo(Number(started) / hours, 6);
    const average = Number(await shown.number('Average duration'));
    const { averageDurationSeconds } = await told(query);
    expect(Math.abs(average - Number(averageDurationSeconds))).toBeLessThan(30);
  });

  it('its applications are those of the API', async () => {
    expect(await view.variable('host')).toEqual(['desk', 'shop']);
    const { items } = await told();
    expect(columns(await view.rows('Top applications'), 'application', 'sessions', 'users')).toEqual(
      items.map(({ host, sessions, users }) => [host, sessions, users]),
    );
  });

  it('who was online is what was counted, without the sessions of Sense, and nobody is not a gap', async () => {
    const last = (rows: readonly Row[]) => rows.filter(({ sessions }) => sessions !== null).at(-1);
    expect(last(await view.rows('Online'))).toMatchObject({ sessions: 3, users: 3 });
    const nobody = view.with({ host: ['stock'] });
    expect(last(await nobody.rows('Online'))).toMatchObject({ sessions: 0, users: 0 });
  });

  it('sessions begin in their hour and end after their time', async () => {
    const day = new SiteView(site.wire, dashboard, { from: begin - 24 * HOUR_MS, to: begin + 5 * MINUTE_MS });
    const begun = await day.rows('Sessions begun, and their users');
    expect(begun.reduce((sum, { sessions }) => sum + Number(sessions), 0)).toBe(5);
    const durations = columns(await day.rows('Average session duration'), 'duration');
    expect(durations).toEqual([[100 * 60], [20 * 60]]);
  });

  it('its table has who is online and who was, and narrows down to a user', async () => {
    const rows = await view.rows('Sessions of applications');
    expect(columns(rows, 'directory', 'user', 'application', 'state')).toEqual([
      ['LAB', 'anna', 'desk', 'online'],
      [null, 'dora', 'desk', 'online'],
      ['LAB', 'bob', 'shop', 'offline'],
      ['LAB', 'anna', 'shop', 'online'],
    ]);
    expect(rows[2]).toMatchObject({ duration: 20 * 60, end_reason: 'stop' });
    const anna = view.with({ user: ' LAB\\ANN ' });
    expect(await anna.number('Sessions')).toBe(2);
    expect(columns(await anna.rows('Sessions of applications'), 'user')).toEqual([['anna'], ['anna']]);
    expect(await view.with({ user: "nobody's" }).rows('Sessions of applications')).toEqual([]);
  });

  it('its notes are what somebody did, up to the error', async () => {
    const shop = view.with({ host: ['shop'], user: 'anna' });
    const notes = await shop.rows('Notes');
    expect(columns(notes, 'user', 'type', 'source', 'message', 'count')).toEqual([
      ['anna', 'error', null, 'no answer', null],
      ['anna', 'usage', 'basket', null, 3],
    ]);
    const { items } = await site.get<Answers['sessions']>(
      '/api/v1/sessions?application=true&host=shop&user=anna',
    );
    expect(new Set(notes.map((note) => note['session_id']))).toEqual(new Set([items[0]?.id]));
    expect(columns(await view.rows('Notes by type'), 'type', 'notes')).toEqual([
      ['usage', 3],
      ['error', 1],
      ['log', 1],
    ]);
  });

  it('every panel shows rows', async () => {
    for (const { title } of dashboard.panels) expect(await view.rows(title), title).not.toHaveLength(0);
  });
});
