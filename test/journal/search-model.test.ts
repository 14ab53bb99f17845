import type { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createBlacklist } from '../../src/contract/blacklist.ts';
import { KINDS } from '../../src/contract/event.ts';
import { END_REASONS } from '../../src/contract/rows.ts';
import { ExcludedUsers } from '../../src/journal/excluded-users.ts';
import { type EventFilters, findEvents } from '../../src/journal/read/event-search.ts';
import type { Filters } from '../../src/journal/read/filters.ts';
import { findSessions, type SessionFilters } from '../../src/journal/read/sessions/session-search.ts';
import { Retention } from '../../src/journal/write/retention.ts';
import { lose } from '../sessions/lose.ts';
import { SETTINGS, type Step, steps } from '../sessions/model/event-arbitrary.ts';
import { userName } from '../sessions/model/session-model.ts';
import { StoredSite } from './stored-site.ts';

const RUNS = Number(process.env['PROPERTY_RUNS'] ?? 10);
const SEARCHES_A_STEP = 4;

type Row = Record<string, unknown>;
type Pick = Omit<SessionFilters & EventFilters, 'limit'>;

const NAMED = `host.text AS host_name, proxy.text AS proxy_name, u.directory AS directory, u.id AS user_id`;
const NAMES = `LEFT JOIN strings host ON host.id = s.host LEFT JOIN strings proxy ON proxy.id = s.virtual_proxy
  LEFT JOIN users u ON u.number = s.user`;

/** Every row, with its names; of sessions with their connections. */
function rowsOf(database: DatabaseSync): { sessions: Row[]; events: Row[] } {
  const connections = database
    .prepare('SELECT c.*, a.text AS app_name FROM connections c LEFT JOIN strings a ON a.id = c.app')
    .all() as Row[];
  const sessions = database
    .prepare(`SELECT s.*, ${NAMED} FROM sessions s ${NAMES} ORDER BY s.id DESC`)
    .all()
    .map((row) => ({ ...row, of: connections.filter(({ session }) => session === row['id']) }) as Row);
  const events = database
    .prepare(
      `SELECT s.*, ${NAMED}, a.text AS app_name FROM events s ${NAMES} LEFT JOIN strings a ON a.id = s.app
       ORDER BY s.seq DESC`,
    )
    .all() as Row[];
  return { sessions, events };
}

function isOf(row: Row, { user, host, virtualProxy }: Filters): boolean {
  if (host !== null && row['host_name'] !== host) return false;
  if (virtualProxy !== null && row['proxy_name'] !== virtualProxy) return false;
  if (user === null) return true;
  if (row['user_id'] === null) return false;
  const isDirectory = user.directory === null || isSame(String(row['directory'] ?? ''), user.directory);
  return isDirectory && isSame(String(row['user_id']), user.id);
}

const isSame = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase();

function isSession(row: Row, filters: SessionFilters): boolean {
  const { active, from, to, at, app, cursor, search = null, isAscending } = filters;
  const id = Number(row['id']);
  if (cursor !== null && (isAscending === true ? id <= cursor : id >= cursor)) return false;
  const name = `${row['directory'] ?? ''}\\${row['user_id']}`.toLowerCase();
  if (search !== null && (row['user_id'] === null || !name.includes(search.toLowerCase()))) return false;
  const startedAt = Number(row['started_at']);
  const endedAt = row['ended_at'] === null ? Number.POSITIVE_INFINITY : Number(row['ended_at']);
  if (row['end_reason'] === END_REASONS.indexOf('excluded')) return false;
  if (active !== null && active !== (row['ended_at'] === null)) return false;
  if (from !== null && endedAt < from) return false;
  if (to !== null && startedAt >= to) return false;
  if (at !== null && (startedAt > at || endedAt <= at)) return false;
  const isOn = (each: Row): boolean =>
    each['app_name'] === app &&
    (at === null ||
      (Number(each['opened_at']) <= at && (each['closed_at'] === null || Number(each['closed_at']) > at)));
  if (app !== null && !(row['of'] as Row[]).some(isOn)) return false;
  return isOf(row, filters);
}

function isEvent(row: Row, filters: EventFilters): boolean {
  const { kind, from, to, app, cursor } = filters;
  if (cursor !== null && Number(row['seq']) >= cursor) return false;
  const at = Number(row['at']);
  if (kind !== null && KINDS[Number(row['kind'])] !== kind) return false;
  if ((from !== null && at < from) || (to !== null && at >= to)) return false;
  return (app === null || row['app_name'] === app) && isOf(row, filters);
}

/** Draws of 0 to 1 become filters that often find something, with times at the very beginnings and ends. */
function filtersFor({ sessions, events }: ReturnType<typeof rowsOf>, draw: () => number): Pick {
  const pick = <T>(from: readonly T[]): T | null => from[Math.floor(draw() * from.length)] ?? null;
  const maybe = <T>(share: number, value: T | null): T | null => (draw() < share ? value : null);
  const row = pick([...sessions, ...events]) ?? {};
  const moments = [...sessions, ...events]
    .flatMap((each) => [each['started_at'], each['ended_at'], each['at'], each['last_activity_at']])
    .filter((each) => typeof each === 'number')
    .flatMap((each) => [each - 1, each, each + 1]);
  const times = [pick(moments), pick(moments)].sort((a, b) => Number(a) - Number(b));
  const apps = sessions.flatMap((each) => (each['of'] as Row[]).map(({ app_name: app }) => app as string));
  const name = String(row['user_id'] ?? 'ANNA');
  const id = draw() < 0.5 ? name : name.toUpperCase();
  const whole = `${row['directory'] ?? ''}\\${id}`;
  const begin = Math.floor(draw() * whole.length);
  const directory = draw() < 0.4 ? null : String(row['directory'] ?? '').toLowerCase();
  return {
    user: maybe(0.3, { directory, id }),
    host: maybe(0.3, (row['host_name'] ?? null) as string | null),
    virtualProxy: maybe(0.3, (row['proxy_name'] ?? null) as string | null),
    app: maybe(0.3, pick(apps)),
    from: maybe(0.3, times[0] ?? null),
    to: maybe(0.3, times[1] ?? null),
    at: maybe(0.3, pick(moments)),
    active: maybe(0.3, draw() < 0.5),
    search: maybe(0.3, whole.slice(begin, begin + 1 + Math.floor(draw() * 6))),
    isAscending: draw() < 0.3,
    kind: maybe(0.2, pick(KINDS)),
    cursor: maybe(0.2, pick([0, 1, Number(row['id'] ?? row['seq'] ?? 1), 999_999_999_999_999])),
  };
}

/** Whole directories, and some users. */
function rulesFor({ sessions }: ReturnType<typeof rowsOf>, draw: () => number) {
  const named = sessions.filter((row) => row['user_id'] !== null && row['directory'] !== null);
  return named
    .filter(() => draw() < 0.1)
    .map((row) => ({
      directory: String(row['directory']).toUpperCase(),
      ...(draw() < 0.3 ? {} : { userId: String(row['user_id']) }),
    }));
}

interface Rules {
  readonly excluded: ExcludedUsers;
  blacklist: ReturnType<typeof createBlacklist>;
}

function compare(database: DatabaseSync, rules: Rules, draw: () => number): void {
  const stored = rowsOf(database);
  if (draw() < 0.5) {
    const now = draw() < 0.3 ? [] : rulesFor(stored, draw);
    rules.blacklist = createBlacklist(now);
    rules.excluded.replace(now);
  }
  rules.excluded.refresh();
  const { isShown } = rules.excluded;
  const shown = (row: Row): boolean => {
    if (row['user_id'] === null) return true;
    return !rules.blacklist.excludes({
      directory: row['directory'] as string | null,
      id: String(row['user_id']),
    });
  };
  const rows = { sessions: stored.sessions.filter(shown), events: stored.events.filter(shown) };
  for (let n = 0; n < SEARCHES_A_STEP; n += 1) {
    const filters = { ...filtersFor(stored, draw), limit: 1_000 };
    const what = JSON.stringify(filters);
    const sessions = rows.sessions.filter((row) => isSession(row, filters)).map(({ id }) => id);
    if (filters.isAscending === true) sessions.reverse();
    expect([...findSessions(database, filters, isShown)], what).toEqual(sessions);
    const events = rows.events.filter((row) => isEvent(row, filters)).map(({ seq }) => Number(seq));
    expect([...findEvents(database, filters, null, isShown)], what).toEqual(events);
    const range = { after: events.at(-1) ?? 0, upTo: events[0] ?? 0 };
    const following = [...findEvents(database, { ...filters, cursor: null }, range, isShown)];
    const between = rows.events.filter((row) => isEvent(row, { ...filters, cursor: null }));
    const numbers = between.map(({ seq }) => Number(seq)).reverse();
    expect(following, what).toEqual(numbers.filter((seq) => seq > range.after && seq <= range.upTo));
  }
}

function play(stored: StoredSite, step: Step): void {
  const { site } = stored;
  if (step.type === 'batch') for (const event of step.events) stored.apply(event);
  else if (step.type === 'sweep') site.tick(step.now);
  else if (step.type === 'exclude') site.exclude((user) => step.users.includes(userName(user)), step.now);
  else if (step.type === 'lose') lose(site, step.host, step.reason, step.now);
  else site.tracker.restarted(step.stoppedAt, step.startedAt);
}

const timeOf = (step: Step): number => {
  if (step.type === 'batch') return step.events.at(-1)?.receivedAt ?? 0;
  return step.type === 'restart' ? step.startedAt : step.now;
};

it('searches find the same as looking at every row, after whatever happened to sessions, rules, restarts and retention', () => {
  const draws = fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }));
  const property = fc.property(steps(), draws, (stream, drawn) => {
    const draw = (): number => drawn.next().value ?? 0;
    const stored = new StoredSite(SETTINGS);
    const noRules = (): Rules => ({
      excluded: new ExcludedUsers(stored.database),
      blacklist: createBlacklist([]),
    });
    let rules = noRules();
    try {
      for (const step of stream) {
        play(stored, step);
        // Few sessions, in many blocks.
        const { nextNumbers } = stored.site.book;
        stored.site.book.nextNumbers = {
          ...nextNumbers,
          session: nextNumbers.session + Math.floor(draw() * 200),
        };
        stored.commit(timeOf(step), true);
        if (draw() < 0.2) {
          stored.killAndRestart();
          rules = noRules();
        }
        if (draw() < 0.1) {
          const limits = { retentionMs: 6 * 3_600_000, maxBytes: 1e9 };
          new Retention(stored.database, limits).step(timeOf(step));
        }
        compare(stored.database, rules, draw);
      }
    } finally {
      stored.dispose();
    }
  });
  fc.assert(property, { numRuns: RUNS });
}, 600_000);
