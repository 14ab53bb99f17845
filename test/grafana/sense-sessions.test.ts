import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { until } from '../program/program.ts';
import { allItems } from '../program/same-tables.ts';
import { row, StandInQps } from '../receivers/qps/stand-in.ts';
import type { Row } from './ask-panel.ts';
import { Dashboard } from './dashboard.ts';
import { type Item, KnownDay, userKey } from './known-day.ts';
import { add, histogram, nonZero, pairs, sizes, stepOf, sum } from './row-arithmetic.ts';
import { RunningSite } from './running-site.ts';
import { SiteView } from './site-view.ts';

const jar = inject('questdb')?.jar ?? null;
const DOCUMENTS = resolve(import.meta.dirname, '../../docs');
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const DAY_MS = 24 * HOUR_MS;
/** Hours ahead of UTC, the whole year. */
const ZONES: readonly (readonly [name: string, ahead: number])[] = [
  ['Pacific/Honolulu', -10],
  ['utc', 0],
  ['Asia/Tokyo', 9],
];
const HOST = 'sense-proxy2';

interface Counts {
  readonly active: { readonly sessions: number; readonly connectedUsers: number };
  readonly created: { readonly total: number };
  readonly destroyed: { readonly total: number };
  readonly hosts: readonly { readonly host: string; readonly sessions: number }[];
}

it.skipIf(jar === null)(
  'users of virtual proxies are those whom polls saw, without excluded ones',
  async () => {
    const polled = await StandInQps.start();
    const excluded = { UserDirectory: 'INTERNAL' };
    polled.sessions.set('', [row('anna'), row('anna', 'another'), row('sa_proxy', 'service', excluded)]);
    polled.sessions.set('sales', [row('anna'), row('bert')]);
    const site = await RunningSite.start(jar ?? '', 'blacklist: [{ directory: INTERNAL }]\n', polled);
    try {
      const details =
        'SELECT DISTINCT user_id, user_session_virtual_proxy AS proxy FROM user_session_details';
      const seen = async () =>
        (await site.server.query(details)).map(({ user_id, proxy }) => `${proxy} ${user_id}`);
      // The views are made once the first rows are there.
      const seenYet = () => seen().catch((): string[] => []);
      await until(seenYet, ({ length }) => length === 3, 60_000);
      expect((await seen()).toSorted()).toEqual(['/ anna', '/sales anna', '/sales bert']);
      const now = Date.now();
      const view = new SiteView(site.wire, new Dashboard('sense-sessions'), {
        from: now - 5 * MINUTE_MS,
        to: now + 5 * MINUTE_MS,
      });
      const rows = async (host: string) =>
        (await view.with({ host: [host] }).rows('Users per virtual proxy')).filter(
          ({ users }) => users !== null,
        );
      const shown = (await rows('node1')).map(({ virtual_proxy, users }) => `${virtual_proxy} ${users}`);
      expect(new Set(shown)).toEqual(new Set(['/ 1', '/sales 2']));
      expect(await rows(HOST)).toEqual([]);
    } finally {
      await site.stop();
      await polled.stop();
    }
  },
  120_000,
);

describe.skipIf(jar === null)('Sense sessions, after a day', () => {
  const dashboard = new Dashboard('sense-sessions');
  let site: RunningSite;
  let day: KnownDay;
  let view: SiteView;
  const counts = () => site.program.get<Counts>('/api/v1/counts');

  beforeAll(async () => {
    site = await RunningSite.start(jar ?? '', 'blacklist: [{ directory: INTERNAL }]\n');
    day = new KnownDay(Date.now());
    await site.post(day.items);
    await site.post([1, 2, 3].map(() => ({ type: 'session_rejected', user: null, host: HOST })));
    await site.settle();
    view = new SiteView(site.wire, dashboard, {
      from: day.end - DAY_MS - MINUTE_MS,
      to: day.end + 5 * MINUTE_MS,
    });
  }, 120_000);
  afterAll(() => site?.stop());

  /** What a panel says and what is true of the same moment: tried again where time went on in between. */
  async function agrees<T>(ask: () => Promise<T>, truth: () => T | Promise<T>): Promise<void> {
    const both = async () => ({ shown: await ask(), true: await truth() });
    const { shown, true: expected } = await until(both, (each) => {
      return JSON.stringify(each.shown) === JSON.stringify(each.true);
    }).catch(both);
    expect(shown).toEqual(expected);
  }

  it('every panel shows rows', async () => {
    for (const { title } of dashboard.panels) {
      // No proxy is asked here.
      if (title !== 'Users per virtual proxy') expect(await view.rows(title), title).not.toHaveLength(0);
    }
  });

  it('sessions and users now are those of the API', async () => {
    await agrees(
      () => view.number('Proxy sessions now'),
      async () => (await counts()).active.sessions,
    );
    expect(await view.number('Proxy sessions now')).toBeGreaterThan(20);
    await agrees(
      () => view.number('Connected users now'),
      async () => (await counts()).active.connectedUsers,
    );
    expect(await view.number('Connected users now')).toBeGreaterThan(10);
    await agrees(
      () => view.with({ host: [HOST] }).number('Proxy sessions now'),
      async () => (await counts()).hosts.find(({ host }) => host === HOST)?.sessions ?? 0,
    );
  });

  it('unique users are those with an event in time', async () => {
    const windows: [title: string, since: () => number][] = [
      ['Unique users (last 15 min)', () => Date.now() - 15 * MINUTE_MS],
      ['Unique users (current hour)', () => Math.floor(Date.now() / HOUR_MS) * HOUR_MS],
      ['Unique users (last 7d)', () => 0],
      ['Unique users (last 30d)', () => 0],
    ];
    for (const [title, since] of windows) {
      await agrees(
        () => view.number(title),
        () => day.usersSince(since()),
      );
      await agrees(
        () => view.with({ host: [HOST] }).number(title),
        () => day.usersSince(since(), HOST),
      );
    }
  });

  it('today begins at midnight in the time zone of the dashboard', async () => {
    for (const [timezone, ahead] of ZONES) {
      const day0 = () => Math.floor(Date.now() / DAY_MS + ahead / 24) * DAY_MS - ahead * HOUR_MS;
      await agrees(
        () => view.in(timezone).number('Unique users (today)'),
        () => day.usersSince(day0()),
      );
    }
    const [daytime = 'utc'] =
      ZONES.find(([, ahead]) => (new Date().getUTCHours() + ahead + 24) % 24 >= 3) ?? [];
    const rejected = view.in(daytime);
    expect(await rejected.number('Sessions rejected (today)')).toBe(3);
    expect(await rejected.with({ host: ['sense-proxy1'] }).number('Sessions rejected (today)')).toBe(0);
  });

  it('sessions are created and destroyed when they were', async () => {
    const rows = await view.rows('Sessions created, destroyed and rejected');
    const begun = [...day.sessions.values()].map(({ startedAt }) => startedAt);
    expect(nonZero(rows, 'created')).toEqual(histogram(begun, rows));
    const { created, destroyed } = await counts();
    expect(sum(rows, 'created')).toBe(created.total);
    expect(sum(rows, 'destroyed')).toBe(destroyed.total);
    expect(sum(rows, 'rejected')).toBe(3);
  });

  it('events are counted by type and by origin', async () => {
    const types = await view.rows('User events per minute, by event type');
    const perMinute = stepOf(types) / MINUTE_MS;
    const ofType = (type: string) => day.counted.filter((item) => item.type === type).length;
    for (const [action, type] of [
      ['Start session', 'session_start'],
      ['Stop session', 'session_stop'],
      ['Open connection', 'connection_open'],
      ['Close connection', 'connection_close'],
    ] as const) {
      const shown = types.filter((row) => row['event_action'] === action);
      expect(sum(shown, 'events') * perMinute, action).toBeCloseTo(ofType(type), 6);
    }
    const origins = await view.rows('User events per minute, by event origin');
    const opened = day.counted.filter(({ origin }) => origin === 'AppAccess').length;
    expect(new Set(origins.map(({ origin }) => origin))).toEqual(new Set(['AppAccess', 'none']));
    const shown = origins.filter(({ origin }) => origin === 'AppAccess');
    expect(sum(shown, 'events') * perMinute).toBeCloseTo(opened, 6);
  });

  it('the last events are those of the API', async () => {
    const events = await allItems(site.program, '/api/v1/events');
    const latest = events
      .filter(({ kind }) => kind !== 'session_rejected')
      .map(({ at }) => Date.parse(String(at)))
      .toSorted((a, b) => b - a);
    const rows = await view.rows('User events');
    expect(rows.map(({ time }) => time)).toEqual(latest.slice(0, 500));
  });

  it('who was on is who was on', async () => {
    for (const hoursAgo of [2, 5, 21]) {
      const at = day.end - hoursAgo * HOUR_MS;
      const rows = await view.with({ at: new Date(at).toISOString() }).rows('Who was on at');
      const known = day.openAt(at).map(({ user, host }) => `${user} ${host}`);
      expect(rows.map(onRow).toSorted(), `${hoursAgo} hours ago`).toEqual(known.toSorted());
      expect(rows.every((row) => row['at'] === at)).toBe(true);
    }
    await agrees(
      async () => (await view.rows('Who was on at')).length,
      async () => (await counts()).active.sessions,
    );
  });

  it('a moment may be written as people write it, in the zone of the dashboard where it names none', async () => {
    const at = Math.floor((day.end - 2 * HOUR_MS) / MINUTE_MS) * MINUTE_MS;
    const iso = (ahead: number) => new Date(at + ahead * HOUR_MS).toISOString();
    const shown = async (text: string, timezone = 'utc') =>
      (await view.in(timezone).with({ at: text }).rows('Who was on at'))[0]?.['at'];
    const minutes = iso(0).slice(0, 16);
    const texts = [`${iso(1).slice(0, 16)}+01:00`, `${iso(1).slice(0, 19)}+0100`, `${minutes}Z`, minutes];
    for (const text of [...texts, ` ${minutes.replace('T', ' ')} `, iso(0)]) {
      expect(await shown(text), text).toBe(at);
    }
    expect(await shown(iso(9).slice(0, 16), 'Asia/Tokyo')).toBe(at);
    // Of the day on which the time range ends.
    const isToday = iso(0).slice(0, 10) === new Date().toISOString().slice(0, 10);
    expect(await shown(iso(0).slice(11, 16))).toBe(isToday ? at : at + DAY_MS);
  });

  it('a moment that cannot be read is said to be none', async () => {
    for (const panel of ['Who was on at', 'Around then']) {
      for (const text of ['nonsense', "o'clock", '25:99']) {
        const rows = await view.with({ at: text }).rows(panel);
        expect(
          rows.map(({ user }) => user),
          panel,
        ).toEqual([`no time that can be read: ${text}`]);
      }
    }
  });

  it('whoever was on has the apps opened by then, and how many connections', async () => {
    const rows = await view.rows('Who was on at');
    const open = await (
      await site.program.get<{ items: readonly Item[] }>('/api/v1/sessions?active=true&limit=1000')
    ).items;
    const names = (session: Item) =>
      ((session as unknown as Record<string, unknown>)['apps'] as { appId: string; appName: string | null }[])
        .map(({ appId, appName }) => appName ?? appId)
        .sort()
        .join();
    const shown = rows.map(({ apps, connections }) => [
      String(apps ?? '')
        .split(',')
        .sort()
        .join(),
      connections,
    ]);
    const expected = open.map((session) => [
      names(session as unknown as Item),
      (session as unknown as Record<string, unknown>)['connections'],
    ]);
    expect(shown.map(String).sort()).toEqual(expected.map(String).sort());
  });

  it('around a moment are the sessions and apps opened shortly before, the nearest first', async () => {
    const at = day.end - 3 * HOUR_MS;
    const rows = await view.with({ at: new Date(at).toISOString() }).rows('Around then');
    const opened = day.counted.filter(
      (item) =>
        (item.type === 'session_start' || item.type === 'connection_open') &&
        Date.parse(item.at) > at - 15 * MINUTE_MS &&
        Date.parse(item.at) <= at,
    );
    expect(rows.map(({ time }) => time)).toEqual(
      opened.map((item) => Date.parse(item.at)).sort((a, b) => b - a),
    );
    expect(rows.length).toBeGreaterThan(0);
  });

  it('the longest sessions are the longest', async () => {
    const rows = await view.rows('Longest sessions');
    const lengths = [...day.sessions.values()].flatMap(({ startedAt, endedAt }) =>
      endedAt === null ? [] : [Math.floor((endedAt - startedAt) / 1000)],
    );
    const ended = rows.filter(({ ended_at }) => ended_at !== null).map(({ duration }) => duration);
    expect(rows).toHaveLength(20);
    expect(ended).toEqual(lengths.toSorted((a, b) => b - a).slice(0, ended.length));
  });

  it('the average duration is that of the sessions that ended', async () => {
    const rows = await view.rows('Average session duration');
    const step = stepOf(rows);
    for (const { time, duration } of rows.slice(0, -8)) {
      const ended = [...day.sessions.values()].filter(
        ({ endedAt }) => endedAt !== null && Math.floor(endedAt / step) * step === time,
      );
      const lengths = ended.map(({ startedAt, endedAt }) => Math.floor(((endedAt ?? 0) - startedAt) / 1000));
      expect(duration).toBeCloseTo(lengths.reduce((a, b) => a + b, 0) / lengths.length, 6);
    }
  });

  it('apps, browsers and operating systems have the users that used them', async () => {
    const ofApps = new Map<string, Set<string>>();
    for (const { appId, user } of day.counted) if (appId !== undefined) add(ofApps, appId, userKey(user));
    expect(pairs(await view.rows('Unique users per app'), 'app')).toEqual(sizes(ofApps));
    const sessions = await allItems(site.program, '/api/v1/sessions');
    for (const [title, column] of [
      ['Users per browser', 'browser'],
      ['Users per OS', 'os'],
    ] as const) {
      const rows = await view.rows(title);
      const named = sessions.map((session) => ({
        name: rows.map((row) => String(row[column])).find((name) => isNamed(session[column], name)) ?? '',
        user: userKey(session['user'] as Item['user']),
      }));
      const users = new Map<string, Set<string>>();
      for (const { name, user } of named) add(users, name, user);
      expect(pairs(rows, column), title).toEqual(sizes(users));
    }
  });

  it('curves are the highest of each step, added up over hosts and the site', async () => {
    const raw = await site.server.query('SELECT * FROM session_counts WHERE active IS NOT NULL');
    const highest = (scope: string, column: string, name: unknown = null) =>
      Math.max(
        ...raw
          .filter((row) => row['scope'] === scope && row['name'] === name)
          .map((row) => Number(row[column])),
      );
    const active = await view.rows('Active sessions');
    for (const [shown, column] of [
      ['sessions', 'active'],
      ['users', 'users'],
      ['connections', 'connections'],
    ] as const) {
      expect(Math.max(...active.map((row) => Number(row[shown])))).toBe(highest('site', column));
    }
    // The site is younger than a session may be old: whoever was on before it began is not known.
    for (const row of active) {
      expect(row['sessions at most']).toBeNull();
      expect(row['sessions at least']).toBe(row['sessions']);
    }
    const hosts = await view.rows('User sessions per host');
    expect(new Set(hosts.map(({ host }) => host))).toEqual(new Set(['sense-proxy1', HOST, 'sense-proxy3']));
    const ofHost = hosts.filter(({ host }) => host === HOST).map(({ sessions }) => Number(sessions));
    expect(Math.max(...ofHost)).toBe(highest('host', 'active', HOST));
    const peaks = await view.rows('Peaks by hour of day');
    expect(Math.max(...peaks.map(({ sessions }) => Number(sessions)))).toBe(highest('site', 'active'));
    expect(peaks.at(-1)?.['hour']).toMatch(/^\d\d:00$/);
  });

  it('the band of sessions is drawn between two curves that there are', async () => {
    const [row = {}] = await view.rows('Active sessions');
    const { overrides } = dashboard.panel('Active sessions').fieldConfig;
    expect(Object.keys(row)).toEqual(['time', ...overrides.map(({ matcher }) => matcher.options)]);
    const bands = overrides.flatMap(({ matcher, properties }) =>
      properties.filter(({ id }) => id === 'custom.fillBelowTo').map(({ value }) => [matcher.options, value]),
    );
    expect(bands).toEqual([['sessions at most', 'sessions at least']]);
  });

  it('the SQL of the documents runs', async () => {
    const texts = ['grafana', 'moving-over'].map((name) =>
      readFileSync(resolve(DOCUMENTS, `${name}.md`), 'utf8'),
    );
    const blocks = texts.flatMap((text) =>
      [...text.matchAll(/^```sql\n(.*?)^```/gms)].map(([, sql]) => sql ?? ''),
    );
    expect(blocks.length).toBeGreaterThan(4);
    for (const sql of blocks) await site.wire.query(sql);
  });

  it('someone excluded later stays in the lists with what was written before', async () => {
    const [open] = await view.rows('Who was on at');
    const { directory, user } = open as { directory: string; user: string };
    const { active } = await counts();
    site.reload(`blacklist: [{ directory: INTERNAL }, { directory: "${directory}", userId: "${user}" }]\n`);
    await until(counts, (now) => now.active.sessions < active.sessions);
    const rows = await view.rows('Who was on at');
    expect(rows.some((row) => row['directory'] === directory && row['user'] === user)).toBe(true);
  });
});

function onRow(row: Row): string {
  return `${userKey({ directory: String(row['directory']), id: String(row['user']) })} ${row['host']}`;
}

/** `text` is a name with a version, or null. */
function isNamed(text: unknown, name: string): boolean {
  return text === null ? name === 'unknown' : text === name || String(text).startsWith(`${name} `);
}
