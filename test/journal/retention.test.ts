import { afterEach, describe, expect, test } from 'vitest';
import { fixedAppNames } from '../../src/contract/app-names.ts';
import type { Kind, UserEvent } from '../../src/contract/event.ts';
import { Queries } from '../../src/journal/read/queries.ts';
import { UserAgents } from '../../src/journal/read/user-agents.ts';
import { Retention } from '../../src/journal/write/retention.ts';
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
  const { items } = queries.sessions({ ...NO_FILTER, active: true, at: null }, EPOCH);
  return items.map(({ user, host }) => `${user?.id} on ${host}`);
}

describe('retention by age', () => {
  test('takes old events, ended sessions with their connections, and their names', () => {
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

  test('leaves names alone while a row needs them, however often the program was started since', () => {
    stored = new StoredSite(SETTINGS);
    restart(EPOCH);
    visit('anna', EPOCH + HOUR);
    for (let start = 1; start <= 3; start += 1) restart(EPOCH + start * DAY);
    retain(EPOCH + 3 * DAY, { retentionMs: 90 * DAY });
    expect(danglingNames()).toEqual([]);
    expect(new Set(usersOfEvents())).toEqual(new Set(['anna']));
  });

  test('leaves the names of the last event before a start', () => {
    stored = new StoredSite(SETTINGS);
    visit('anna', EPOCH);
    restart(EPOCH + 100 * DAY);
    retain(EPOCH + 100 * DAY, { retentionMs: 90 * DAY });
    expect(danglingNames()).toEqual([]);
  });

  test('leaves open sessions, with their connections and names, for a restart to find', () => {
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

  test('changes no total', () => {
    stored = new StoredSite(SETTINGS);
    for (let day = 0; day < 5; day += 1) visit(`user${day}`, EPOCH + day * DAY);
    const before = { ...stored.site.series.totals };
    retain(EPOCH + 60 * DAY, { retentionMs: DAY });
    stored.killAndRestart();
    expect(stored.site.series.totals).toEqual(before);
    expect(before).toMatchObject({ created: 5, destroyed: 5 });
  });

  test('keeps points as long as the window that shows them, and hours as long as events', () => {
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

describe('retention by size', () => {
  test('takes the oldest events until the rest fits, and nothing that is open', () => {
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

  test('takes ended sessions with their connections and names, where events are the smaller part', () => {
    stored = new StoredSite(SETTINGS);
    restart(EPOCH);
    for (let day = 0; day < 20; day += 1) {
      const at = EPOCH + day * DAY;
      for (let n = 0; n < 50; n += 1) visit(`user${day}-${n}`, at + n * 1_000);
      restart(at + HOUR);
    }
    comesOn('stays', EPOCH + 20 * DAY);
    const limit = Math.round(bytes() / 2);
    retain(EPOCH + 20 * DAY + HOUR, { maxBytes: limit });
    expect.soft(bytes()).toBeLessThanOrEqual(limit);
    expect(danglingNames()).toEqual([]);
    expect(usersOn()).toEqual(['stays on host-of-stays']);
  });

  test('is at rest when only what is open is left', () => {
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
