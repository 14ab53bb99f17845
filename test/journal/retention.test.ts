import { afterEach, describe, expect, it } from 'vitest';
import { fixedAppNames } from '../../src/contract/app-names.ts';
import type { Kind, UserEvent } from '../../src/contract/event.ts';
import { END_REASONS } from '../../src/contract/rows.ts';
import { Queries } from '../../src/journal/read/queries.ts';
import { UserAgents } from '../../src/journal/read/user-agents.ts';
import { NOTHING_UNDELIVERED, Retention } from '../../src/journal/write/retention.ts';
import { EPOCH, SETTINGS } from '../sessions/model/event-arbitrary.ts';
import { StoredSite } from './stored-site.ts';

const DAY = 86_400_000;
const HOUR = 3_600_000;
const NO_LIMIT = 1e15;
const NO_FILTER = {
  user: null,
  host: null,
  virtualProxy: null,
  app: null,
  from: null,
  to: null,
  limit: 1000,
  cursor: null,
};

let stored: StoredSite;
afterEach(() => stored.dispose());

function event(kind: Kind, at: number, id: string): UserEvent {
  return {
    kind,
    at,
    originalAt: null,
    timed: false,
    receivedAt: at,
    host: `host-of-${id}`,
    user: { directory: 'LAB', id },
    origin: `origin of ${id}`,
    context: `context of ${id}`,
    appId: kind.startsWith('connection') ? `app-of-${id}` : null,
    virtualProxy: `proxy-of-${id}`,
    sessionKey: null,
    rowNumber: null,
    result: null,
    userAgent: null,
    message: null,
    reason: null,
    eventId: null,
  };
}

/** A whole visit, committed with the state behind it. */
function visit(id: string, at: number): void {
  stored.apply(event('session_start', at, id));
  stored.apply(event('connection_open', at + 1, id));
  stored.apply(event('connection_close', at + 2, id));
  stored.apply(event('session_stop', at + 3, id));
  stored.commit(at + 3, true);
}

function comesOn(id: string, at: number): void {
  stored.apply(event('session_start', at, id));
  stored.apply(event('connection_open', at + 1, id));
  stored.commit(at + 1, true);
}

/** As the program does at its start: state, and no event. */
function restart(at: number): void {
  stored.killAndRestart();
  stored.commit(at, true);
}

function retain(now: number, limits: { retentionMs?: number; maxBytes?: number }): void {
  const retention = new Retention(stored.database, { retentionMs: NO_LIMIT, maxBytes: NO_LIMIT, ...limits });
  for (let steps = 0; retention.step(now); steps += 1) if (steps > 1_000) throw new Error('never done');
}

function count(table: string): number {
  return Number(stored.database.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.['n']);
}

/** What the journal takes up, without pages that are free. */
function bytes(): number {
  const row = stored.database
    .prepare(
      `SELECT (p.page_count - f.freelist_count) * s.page_size AS n
       FROM pragma_page_count p, pragma_freelist_count f, pragma_page_size s`,
    )
    .get();
  return Number(row?.['n']);
}

/** Numbers of names in rows that are left, for which there is no name any more. */
function danglingNames(): string[] {
  const columns: [table: string, column: string, names: string, number: string][] = [
    ...['host', 'origin', 'context', 'app', 'virtual_proxy', 'user_agent', 'session_key'].map(
      (column): [string, string, string, string] => ['events', column, 'strings', 'id'],
    ),
    ...['host', 'session_key', 'virtual_proxy', 'user_agent'].map(
      (column): [string, string, string, string] => ['sessions', column, 'strings', 'id'],
    ),
    ['connections', 'app', 'strings', 'id'],
    ['events', 'user', 'users', 'number'],
    ['sessions', 'user', 'users', 'number'],
  ];
  return columns.flatMap(([table, column, names, number]) =>
    stored.database
      .prepare(
        `SELECT ${column} AS name FROM ${table} WHERE ${column} > 0
           AND NOT EXISTS (SELECT 1 FROM ${names} WHERE ${names}.${number} = ${table}.${column})`,
      )
      .all()
      .map((row) => `${table}.${column} ${row['name']}`),
  );
}

function usersOfEvents(): unknown[] {
  const queries = new Queries(stored.database, fixedAppNames(new Map()), new UserAgents());
  const { items } = queries.events({ ...NO_FILTER, kind: null });
  return items.map(({ user }) => user?.id);
}

function usersOn(): unknown[] {
  const queries = new Queries(stored.database, fixedAppNames(new Map()), new UserAgents());
  const { items } = queries.sessions({ filters: { ...NO_FILTER, active: true, at: null }, now: EPOCH });
  return items.map(({ user, host }) => `${user?.id} on ${host}`);
}

describe('retention by age', () => {
  it('takes old events, ended sessions with their connections, and their names', () => {
    stored = new StoredSite(SETTINGS);
    restart(EPOCH);
    visit('old', EPOCH);
    restart(EPOCH + 10 * DAY);
    visit('young', EPOCH + 10 * DAY);
    retain(EPOCH + 11 * DAY, { retentionMs: 5 * DAY });
    expect(new Set(usersOfEvents())).toEqual(new Set(['young']));
    expect([count('sessions'), count('connections')]).toEqual([1, 1]);
    expect(danglingNames()).toEqual([]);
    const names = stored.database.prepare("SELECT text FROM strings WHERE text LIKE '%old%'").all();
    expect(names).toEqual([]);
    expect(stored.database.prepare("SELECT id FROM users WHERE id = 'old'").all()).toEqual([]);
  });

  it('leaves names alone while a row needs them, however often the program was started since', () => {
    stored = new StoredSite(SETTINGS);
    restart(EPOCH);
    visit('anna', EPOCH + HOUR);
    for (let start = 1; start <= 3; start += 1) restart(EPOCH + start * DAY);
    retain(EPOCH + 3 * DAY, { retentionMs: 90 * DAY });
    expect(danglingNames()).toEqual([]);
    expect(new Set(usersOfEvents())).toEqual(new Set(['anna']));
  });

  it('takes names although a session of before all of them is still open, and leaves those that it needs', () => {
    stored = new StoredSite(SETTINGS);
    stored.apply(event('session_start', EPOCH, 'stays'));
    stored.apply(event('connection_open', EPOCH + 1, 'stays'));
    stored.commit(EPOCH + 1, true);
    for (let n = 1; n <= 5; n += 1) {
      restart(EPOCH + n * 1_000);
      for (let user = 0; user < 200; user += 1) {
        stored.apply(event('session_rejected', EPOCH + n * 1_000 + user, `made-up-${n}-${user}`));
      }
      // Of a later generation than the rest of its session.
      stored.apply(event('connection_open', EPOCH + n * 1_000 + 200, `stays`));
      stored.commit(EPOCH + n * 1_000 + 200, true);
    }
    const { n } = {
      ...stored.database.prepare("SELECT count(*) AS n FROM users WHERE id LIKE 'made-up%'").get(),
    };
    expect(n).toBe(1_000);
    retain(EPOCH + 6_000, { maxBytes: 1 });
    expect([count('users') < 250, count('strings') < 1_000]).toEqual([true, true]);
    expect([danglingNames(), count('generations')]).toEqual([[], 2]);
    stored.killAndRestart();
    expect(usersOn()).toEqual(['stays on host-of-stays']);
    expect([...stored.site.counts.apps.keys()]).toEqual(['app-of-stays']);
  });

  it('leaves the names of the last event before a start', () => {
    stored = new StoredSite(SETTINGS);
    visit('anna', EPOCH);
    restart(EPOCH + 100 * DAY);
    retain(EPOCH + 100 * DAY, { retentionMs: 90 * DAY });
    expect(danglingNames()).toEqual([]);
  });

  it('leaves open sessions, with their connections and names, for a restart to find', () => {
    stored = new StoredSite(SETTINGS);
    comesOn('stays', EPOCH);
    restart(EPOCH + HOUR);
    visit('goes', EPOCH + 2 * HOUR);
    restart(EPOCH + 3 * HOUR);
    visit('later', EPOCH + 20 * DAY);
    retain(EPOCH + 20 * DAY + HOUR, { retentionMs: 10 * DAY });
    expect(new Set(usersOfEvents())).toEqual(new Set(['later']));
    expect(danglingNames()).toEqual([]);
    expect(usersOn()).toEqual(['stays on host-of-stays']);
    stored.killAndRestart();
    expect(stored.site.counts).toMatchObject({ sessions: 1, users: 1, connections: 1, connectedUsers: 1 });
    expect([...stored.site.counts.apps.keys()]).toEqual(['app-of-stays']);
    // Its end is that of the session which came first.
    const end = EPOCH + 20 * DAY + 2 * HOUR;
    expect(stored.site.apply(event('session_stop', end, 'stays'), 100).session?.startedAt).toBe(EPOCH);
    expect(stored.site.counts.sessions).toBe(0);
  });

  it('changes no total', () => {
    stored = new StoredSite(SETTINGS);
    for (let day = 0; day < 5; day += 1) visit(`user${day}`, EPOCH + day * DAY);
    const before = { ...stored.site.series.totals };
    retain(EPOCH + 60 * DAY, { retentionMs: DAY });
    stored.killAndRestart();
    expect(stored.site.series.totals).toEqual(before);
    expect(before).toMatchObject({ created: 5, destroyed: 5 });
  });

  it('keeps points as long as the window that shows them, and hours as long as events', () => {
    stored = new StoredSite(SETTINGS);
    for (const at of [EPOCH, EPOCH + 3 * HOUR, EPOCH + 10 * DAY]) visit('anna', at);
    retain(EPOCH + 10 * DAY, { retentionMs: 10 * DAY - HOUR });
    const steps = stored.database
      .prepare(
        `SELECT step, count(*) AS n FROM points
         WHERE dimension = (SELECT id FROM dimensions WHERE name = 'all') GROUP BY step ORDER BY step`,
      )
      .all();
    expect(steps.map(({ step, n }) => [step, n])).toEqual([
      [1, 1],
      [5, 1],
      [60, 1],
      [3600, 2],
    ]);
  });
});

describe('retention to the millisecond', () => {
  const NOW = EPOCH + 100 * DAY;
  const ids = (table: string, column = 'id') =>
    stored.database
      .prepare(`SELECT ${column} AS id FROM ${table} ORDER BY 1`)
      .all()
      .map(({ id }) => id);

  it('takes a session with all its connections, however many it had', () => {
    stored = new StoredSite(SETTINGS);
    stored.apply(event('session_start', EPOCH, 'anna'));
    for (let n = 0; n < 3; n += 1) stored.apply(event('connection_open', EPOCH + n, 'anna'));
    stored.apply(event('session_stop', EPOCH + 10, 'anna'));
    visit('bert', EPOCH + 10 * DAY);
    expect(count('connections')).toBe(4);
    retain(EPOCH + 11 * DAY, { retentionMs: 5 * DAY });
    expect([count('sessions'), count('connections')]).toEqual([1, 1]);
  });

  it('leaves what is exactly as old as it may be', () => {
    stored = new StoredSite(SETTINGS);
    const seen = (before: number) => NOW - 10 * DAY + before;
    for (const [n, before] of [-1, 0, 1].entries()) {
      stored.apply(event('session_start', EPOCH, `u${n}`));
      stored.apply(event('session_stop', seen(before), `u${n}`));
    }
    stored.apply(event('session_rejected', NOW, 'last'));
    stored.commit(NOW, true);
    retain(NOW, { retentionMs: 10 * DAY });
    expect(ids('sessions')).toEqual([2, 3]);
    // A start stands between them, and goes by its own arrival.
    expect(ids('events', 'seq')).toEqual([4, 6, 7]);
  });

  it('knows beforehand how many events a clock would make too old', () => {
    stored = new StoredSite(SETTINGS);
    for (let day = 0; day < 12; day += 1) visit(`on day ${day}`, EPOCH + day * DAY);
    const retention = new Retention(stored.database, { retentionMs: 5 * DAY, maxBytes: NO_LIMIT });
    for (const at of [EPOCH, EPOCH + 7 * DAY, EPOCH + 400 * DAY]) {
      const before = EPOCH - 5 * DAY + (at - EPOCH);
      const sql = 'SELECT count(*) AS n FROM events WHERE received_at < ?';
      expect(retention.tooOldAt(at)).toBe(Number(stored.database.prepare(sql).get(before)?.['n']));
    }
    expect(count('events')).toBe(48);
  });

  const TOLD_OF = { application: true };
  it.each([
    ['whose end no line told for 25 h', 'timeout', {}, 25 * HOUR],
    ['of an application for 25 h', 'stop', TOLD_OF, 25 * HOUR],
    ['that a Stop ended for two minutes', 'stop', {}, 120_000],
  ] as const)(
    'leaves sessions %s, whatever the size: they may still be corrected',
    (_what, reason, more, keptMs) => {
      stored = new StoredSite(SETTINGS);
      for (const [n, before] of [-1, 0, 1].entries()) {
        stored.apply({ ...event('session_start', EPOCH, `u${n}`), ...more });
        stored.apply({ ...event('session_stop', NOW - keptMs + before, `u${n}`), ...more });
      }
      stored.apply(event('session_rejected', NOW, 'last'));
      stored.commit(NOW, true);
      stored.database.prepare('UPDATE sessions SET end_reason = ?').run(END_REASONS.indexOf(reason));
      retain(NOW, { maxBytes: 1 });
      expect(ids('sessions')).toEqual([2, 3]);
    },
  );

  it('takes sessions that it had to leave as soon as nothing is remembered of them', () => {
    stored = new StoredSite(SETTINGS);
    for (let n = 0; n < 5_500; n += 1) {
      stored.apply(event('session_start', NOW, `u${n}`));
      stored.apply(event('session_stop', NOW + 1, `u${n}`));
    }
    stored.commit(NOW + 1, true);
    const retention = new Retention(stored.database, { retentionMs: NO_LIMIT, maxBytes: 1 });
    // More than it looks at in one step.
    retention.step(NOW + 2);
    expect(count('sessions')).toBe(5_500);
    stored.apply(event('session_rejected', NOW + 200_000, 'last'));
    stored.commit(NOW + 200_000, true);
    for (let steps = 0; steps < 9 && retention.step(NOW + 200_000); steps += 1);
    expect(count('sessions')).toBe(0);
  });

  it('takes sessions of hosts that made room with their events: nothing is remembered of them', () => {
    stored = new StoredSite(SETTINGS);
    for (let n = 0; n < 9_000; n += 1) {
      stored.apply(event('session_start', NOW, `u${n}`));
      stored.apply(event('session_stop', NOW + 1, `u${n}`));
    }
    stored.apply(event('session_rejected', NOW + 2, 'last'));
    stored.commit(NOW + 2, true);
    const ended = stored.database.prepare('UPDATE sessions SET end_reason = ? WHERE id % 2 = 0');
    ended.run(END_REASONS.indexOf('made_room'));
    retain(NOW + 2, { maxBytes: 1 });
    const left = stored.database.prepare('SELECT count(*) AS n, min(id % 2) AS odd FROM sessions').get();
    expect({ ...left }).toEqual({ n: 4_500, odd: 1 });
  });

  it('is held up only where the journal is too large, and what is oldest has yet to be delivered', () => {
    stored = new StoredSite(SETTINGS);
    for (let n = 0; n < 3; n += 1) visit(`u${n}`, NOW + n * 1_000);
    const held = (maxBytes: number, events: number): boolean => {
      const retention = new Retention(stored.database, { retentionMs: NO_LIMIT, maxBytes });
      retention.undelivered = { ...NOTHING_UNDELIVERED, events };
      retention.step(NOW + 10_000);
      return retention.isHeld;
    };
    expect([held(NO_LIMIT, 1), held(1, 1), held(1, 12), held(1, 13)]).toEqual([false, true, true, false]);
  });

  it.each([
    ['as long as events, where that is longer than a week', 30, null, 30],
    ['for a week, where events go earlier: so late may a line be', 1, null, 7],
    ['and an hour longer than a sink has yet to get counts of', 1, 20, 20 + 1 / 24],
  ])('leaves points of an hour, and the name of what they count, %s', (_what, days, undelivered, kept) => {
    stored = new StoredSite(SETTINGS);
    visit('anna', NOW);
    const { database } = stored;
    const add = (name: string, step: number, at: number) => {
      database.prepare('INSERT OR IGNORE INTO dimensions (name) VALUES (?)').run(name);
      database
        .prepare(
          `INSERT INTO points (dimension, step, at, created, destroyed, rejected, duration_ms)
           SELECT id, ?, ?, 1, 0, 0, 0 FROM dimensions WHERE name = ?`,
        )
        .run(step, at, name);
    };
    const oldest = Math.floor((NOW - kept * DAY) / 1_000);
    for (const age of [-1, 0, 1]) add(`app:hour ${age}`, 3_600, oldest + age);
    for (const [step, hours] of [
      [1, 2],
      [5, 6],
      [60, 192],
    ] as const) {
      for (const age of [-1, 0]) add(`app:step ${step} ${age}`, step, NOW / 1_000 - hours * 3_600 + age);
    }
    const gone: string[] = [];
    const limits = { retentionMs: days * DAY, maxBytes: NO_LIMIT };
    const retention = new Retention(database, limits, (name) => gone.push(name));
    if (undelivered !== null) {
      retention.undelivered = { ...NOTHING_UNDELIVERED, countsSince: NOW - undelivered * DAY };
    }
    retention.step(NOW);
    expect(gone).toEqual(['app:hour -1', 'app:step 1 -1', 'app:step 5 -1', 'app:step 60 -1']);
    const left = database.prepare("SELECT name FROM dimensions WHERE name LIKE 'app:%'").all();
    expect(left.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['app:hour 0', 'app:hour 1', 'app:step 1 0', 'app:step 5 0', 'app:step 60 0']),
    );
  });

  it.each([499, 500, 501, 1_100])('reaches the points of each of %i dimensions in turn', (dimensions) => {
    stored = new StoredSite(SETTINGS);
    const { database } = stored;
    const counted = 'created, destroyed, rejected, duration_ms';
    database.exec(`
      WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${dimensions})
      INSERT INTO dimensions (name) SELECT 'app:' || i FROM n;
      INSERT INTO points (dimension, step, at, ${counted}) SELECT id, 1, ${EPOCH / 1_000}, 1, 0, 0, 0 FROM dimensions;
      INSERT INTO points (dimension, step, at, ${counted}) SELECT id, 3600, ${EPOCH / 1_000}, 1, 0, 0, 0 FROM dimensions`);
    const gone: string[] = [];
    const limits = { retentionMs: 10 * DAY, maxBytes: NO_LIMIT };
    const retention = new Retention(database, limits, (name) => gone.push(name));
    const round = (now: number) => {
      for (let step = 0; step <= Math.floor(dimensions / 500); step += 1) retention.step(now);
    };
    round(EPOCH + 2 * HOUR);
    expect(count('points')).toBe(2 * dimensions);
    round(EPOCH + 2 * HOUR + 1_000);
    // Each still has its hour.
    expect([count('points'), count('dimensions')]).toEqual([dimensions, dimensions]);
    round(EPOCH + 11 * DAY);
    round(EPOCH + 11 * DAY);
    expect([count('points'), count('dimensions'), new Set(gone).size]).toEqual([0, 0, dimensions]);
  });
});

describe('retention by size', () => {
  it('takes the oldest events until the rest fits, and nothing that is open', () => {
    stored = new StoredSite(SETTINGS);
    comesOn('stays', EPOCH);
    for (let n = 1; n <= 30; n += 1) {
      for (let i = 0; i < 1_000; i += 1) {
        stored.apply(event('session_rejected', EPOCH + n * 1_000 + i, `user${n}`));
      }
      stored.commit(EPOCH + (n + 1) * 1_000, true);
      if (n % 10 === 0) restart(EPOCH + (n + 1) * 1_000);
    }
    const all = count('events');
    const limit = Math.round(bytes() * 0.6);
    retain(EPOCH + HOUR, { maxBytes: limit });
    expect(bytes()).toBeLessThanOrEqual(limit);
    expect(count('events')).toBeGreaterThan(all / 4);
    const { first, last } = stored.database
      .prepare('SELECT min(seq) AS first, max(seq) AS last FROM events')
      .get() as { first: number; last: number };
    expect([last, last - first + 1]).toEqual([all, count('events')]);
    expect(danglingNames()).toEqual([]);
    expect(usersOn()).toEqual(['stays on host-of-stays']);
  });

  it('takes ended sessions with their connections and names, where events are the smaller part', () => {
    stored = new StoredSite(SETTINGS);
    restart(EPOCH);
    for (let day = 0; day < 20; day += 1) {
      const at = EPOCH + day * DAY;
      for (let n = 0; n < 50; n += 1) visit(`user${day}-${n}`, at + n * 1_000);
      restart(at + HOUR);
    }
    comesOn('stays', EPOCH + 20 * DAY);
    // Counts by the hour stay, however much there is, and so does what is remembered of a thousand hosts.
    const limit = Math.round(bytes() * 0.6);
    retain(EPOCH + 20 * DAY + HOUR, { maxBytes: limit });
    expect.soft(bytes()).toBeLessThanOrEqual(limit);
    expect(danglingNames()).toEqual([]);
    expect(usersOn()).toEqual(['stays on host-of-stays']);
  });

  it('takes points for what points take up, those of made-up names first, and leaves the events', () => {
    stored = new StoredSite(SETTINGS);
    for (let n = 0; n < 30; n += 1) {
      for (let i = 0; i < 100; i += 1)
        stored.apply(event('session_rejected', EPOCH + n * 1_000 + i, `user${n}`));
      stored.site.tick(EPOCH + n * 1_000 + 999);
      stored.commit(EPOCH + n * 1_000 + 999, true);
    }
    const [events, bytesOfEvents] = [count('events'), bytes()];
    const { database } = stored;
    const known = database.prepare("SELECT id FROM dimensions WHERE name = 'host:host-of-user0'").get()?.[
      'id'
    ];
    const seconds = EPOCH / 1_000;
    const counted = 'created, destroyed, rejected, duration_ms';
    database.exec(`
      WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
      INSERT INTO dimensions (name) SELECT 'host:made-up-' || i FROM n;
      WITH step (step) AS (VALUES (1), (5), (60), (3600))
      INSERT INTO points (dimension, step, at, ${counted}) SELECT id, step, ${seconds}, 1, 0, 0, 0
      FROM dimensions, step WHERE name LIKE 'host:made-up-%';
      WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 48)
      INSERT INTO points (dimension, step, at, ${counted}) SELECT ${known}, 3600, ${seconds} + 3600 * i, 1, 0, 0, 0 FROM n`);
    expect(bytes()).toBeGreaterThan(3 * bytesOfEvents);
    const limit = Math.round(bytes() * 0.6);
    retain(EPOCH + HOUR, { maxBytes: limit });
    expect(bytes()).toBeLessThanOrEqual(limit);
    // As much of its own as the points of theirs: four fifths of the limit are about half of what there was.
    expect(count('events') / events).toBeGreaterThan(0.35);
    const pointsOf = (where: string) =>
      Number(
        database
          .prepare(
            `SELECT count(*) AS n FROM points WHERE dimension IN (SELECT id FROM dimensions WHERE ${where})`,
          )
          .get()?.['n'],
      );
    expect(pointsOf(`id = ${known}`)).toBeGreaterThan(48);
    expect(pointsOf("name = 'all'")).toBeGreaterThan(30);
    expect(pointsOf("name LIKE 'host:made-up-%'")).toBeLessThan(30_000);
  });

  it('names that points are of are bounded, and those of which there is least make room', () => {
    stored = new StoredSite(SETTINGS);
    visit('anna', EPOCH);
    const { database } = stored;
    database.exec(`
      WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20100)
      INSERT INTO dimensions (name) SELECT 'host:made-up-' || i FROM n;
      INSERT INTO points (dimension, step, at, created, destroyed, rejected, duration_ms)
      SELECT id, 1, ${EPOCH / 1_000}, 1, 0, 0, 0 FROM dimensions WHERE name LIKE 'host:made-up-%'`);
    const retention = new Retention(database, { retentionMs: NO_LIMIT, maxBytes: NO_LIMIT });
    const before = count('dimensions');
    expect(retention.step(EPOCH)).toBe(true);
    // A few at a time, because commits wait meanwhile.
    expect(count('dimensions')).toBe(before - 500);
    while (retention.step(EPOCH));
    expect(count('dimensions')).toBeLessThanOrEqual(17_501);
    const kept = database
      .prepare("SELECT count(*) AS n FROM dimensions WHERE name NOT LIKE '%made-up%'")
      .get();
    expect(kept?.['n']).toBe(4);
  });

  it('keeps what is known for longest, and what most happened on, before names that are made up within an hour', () => {
    stored = new StoredSite(SETTINGS);
    const { database } = stored;
    const add = (names: string, created: number) =>
      database.exec(`
        INSERT INTO dimensions (name) SELECT 'virtualProxy:' || name FROM (${names});
        INSERT INTO points (dimension, step, at, created, destroyed, rejected, duration_ms)
        SELECT id, 3600, ${EPOCH / 1_000}, ${created}, 0, 0, 0 FROM dimensions WHERE id NOT IN (SELECT dimension FROM points)`);
    const madeUp = (from: number, to: number) =>
      add(
        `WITH RECURSIVE n (i) AS (SELECT ${from} UNION ALL SELECT i + 1 FROM n WHERE i < ${to}) SELECT 'made-up-' || i AS name FROM n`,
        1,
      );
    add("SELECT 'admin' AS name", 1);
    madeUp(1, 10_000);
    add("SELECT 'sales' AS name", 2);
    madeUp(10_001, 20_100);
    const retention = new Retention(database, { retentionMs: NO_LIMIT, maxBytes: NO_LIMIT });
    while (retention.step(EPOCH));
    const kept = database.prepare("SELECT name FROM dimensions WHERE name NOT LIKE '%made-up%'").all();
    expect(kept.map(({ name }) => name)).toEqual(['virtualProxy:admin', 'virtualProxy:sales']);
    expect(count('dimensions')).toBeLessThanOrEqual(17_501);
  });

  it('is at rest where there is nothing that could go', () => {
    stored = new StoredSite(SETTINGS);
    stored.commit(EPOCH, true);
    retain(EPOCH, { maxBytes: 1 });
  });

  it('is at rest when only what is open is left', () => {
    stored = new StoredSite(SETTINGS);
    for (let n = 0; n < 50; n += 1) comesOn(`user${n}`, EPOCH + n);
    retain(EPOCH + HOUR, { maxBytes: 1 });
    expect(count('events')).toBeLessThanOrEqual(1);
    expect([count('sessions'), count('connections')]).toEqual([50, 50]);
    expect(danglingNames()).toEqual([]);
    stored.killAndRestart();
    expect(stored.site.counts).toMatchObject({ sessions: 50, users: 50, connections: 50 });
  });
});
