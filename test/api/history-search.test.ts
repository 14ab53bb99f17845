import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KINDS } from '../../src/contract/event.ts';
import { SESSION_SORTS, type SessionSort } from '../../src/journal/read/sessions/session-sorts.ts';
import { SESSION_STATES, type SessionState } from '../../src/journal/read/sessions/session-state.ts';
import { lose } from '../sessions/lose.ts';
import { ApiUnderTest, type Item, NOON } from './api-under-test.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 1_440 * MINUTE_MS;
const ROUNDS = 4;
const VISITS = 400;

const USERS = Array.from({ length: 40 }, (_, n) => `u${n}`);
const DIRECTORIES = ['LAB', 'Corp'];
const HOSTS = ['qs1', 'qs2', '10.0.0.7'];
const PROXIES = ['sales', 'hdr', null];
const APPS = Array.from({ length: 9 }, (_, n) => `00000000-0000-4000-8000-00000000000${n}`);

const AGENTS = [
  null,
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36',
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/99.0.0.0 Safari/537.36',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7; rv:133.0) Gecko/20100101 Firefox/133.0',
];

interface Connection {
  readonly appId: string;
  readonly openedAt: string;
  readonly closedAt: string | null;
}

interface Query {
  readonly user?: string | undefined;
  readonly host?: string | undefined;
  readonly virtualProxy?: string | undefined;
  readonly app?: string | undefined;
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  readonly at?: number | undefined;
  readonly active?: boolean | undefined;
  readonly search?: string | undefined;
  readonly state?: string | undefined;
  readonly sort?: string | undefined;
  readonly order?: 'asc' | 'desc' | undefined;
  readonly kind?: string | undefined;
}

const api = new ApiUnderTest();
let sessions: (Item & { readonly connections: readonly Connection[] })[] = [];
let events: Item[] = [];

/** Some days of visits: late lines, starts and stops that got lost, virtual proxies learnt later, names of several generations. */
beforeAll(async () => {
  await api.start();
  const [sample] = fc.sample(
    fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 60_000, maxLength: 60_000 }),
    {
      seed: 7,
      numRuns: 1,
    },
  );
  let drawn = 0;
  const random = (): number => sample?.[drawn++ % 60_000] ?? 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    // Those that stay open and were there before are doubtful.
    if (round === ROUNDS - 1) {
      const early = Array.from({ length: VISITS / 4 }, () => visit(api.now, random)).flat();
      expect((await api.post(early.slice(0, 400))).statusCode).toBe(202);
      lose(api.site, 'qs1', 'gap', api.now);
    }
    const items = Array.from({ length: VISITS }, () => visit(api.now, random)).flat();
    for (let i = 0; i < items.length; i += 400) {
      expect((await api.post(items.slice(i, i + 400))).statusCode).toBe(202);
    }
    // Those of the last round stay open; a jump of the clock alone times nobody out.
    if (round === ROUNDS - 1) continue;
    api.pass(50 * 60);
    api.now += DAY_MS;
    api.site.tick(api.now);
    await api.settle();
  }
  const all = await pages('/api/v1/sessions', 1000);
  sessions = await Promise.all(
    all.map(async (item) => {
      const { body } = await api.get(`/api/v1/sessions/${item.id}`);
      return { ...item, connections: body['connections'] as Connection[] };
    }),
  );
  events = await pages('/api/v1/events', 1000);
}, 60_000);
afterAll(() => api.stop());

function visit(now: number, random: () => number): object[] {
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
  const who = {
    user:
      random() < 0.03
        ? null
        : { directory: pick(DIRECTORIES), id: USERS[Math.floor(random() ** 3 * USERS.length)] ?? '' },
    host: pick(HOSTS),
  };
  const startedAt = now - random() * 600 * MINUTE_MS;
  const at = (minutes: number): string => new Date(startedAt + minutes * MINUTE_MS).toISOString();
  const virtualProxy = pick(PROXIES);
  const userAgent = pick(AGENTS);
  const items: object[] = [];
  // Without a Start, what comes first makes the session.
  if (random() < 0.9)
    items.push({
      ...who,
      type: 'session_start',
      at: at(0),
      virtualProxy: random() < 0.5 ? virtualProxy : null,
      userAgent,
    });
  for (let n = 0; n < 3; n += 1) {
    const appId = APPS[Math.floor(random() ** 2 * APPS.length)];
    items.push({ ...who, type: 'connection_open', at: at(n * 10 + random() * 9), appId, virtualProxy });
    if (random() < 0.9)
      items.push({ ...who, type: 'connection_close', at: at(n * 10 + random() * 30), appId, virtualProxy });
  }
  if (random() < 0.7) items.push({ ...who, type: 'session_stop', at: at(40 + random() * 300), virtualProxy });
  if (random() < 0.02) items.push({ ...who, type: 'session_rejected', at: at(1) });
  return items;
}

async function pages(path: string, limit: number): Promise<Item[]> {
  const items: Item[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const more = cursor === '' ? '' : `&cursor=${cursor}`;
    const { statusCode, body } = await api.get(
      `${path}${path.includes('?') ? '&' : '?'}limit=${limit}${more}`,
    );
    expect(statusCode).toBe(200);
    items.push(...body.items);
    cursor = body.nextCursor;
  }
  return items;
}

function pathOf(path: string, { from, to, at, ...query }: Query): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query))
    if (value !== undefined) parameters.set(name, String(value));
  for (const [name, value] of Object.entries({ from, to, at })) {
    if (value !== undefined) parameters.set(name, new Date(value).toISOString());
  }
  return `${path}?${parameters}`;
}

function isOf(item: Item, { user, host, virtualProxy }: Query): boolean {
  if (host !== undefined && item['host'] !== host) return false;
  if (virtualProxy !== undefined && item['virtualProxy'] !== virtualProxy) return false;
  if (user === undefined) return true;
  if (item.user === null) return false;
  const { directory, id } = item.user;
  const wanted = user.toLowerCase();
  return wanted === id.toLowerCase() || wanted === `${directory}\\${id}`.toLowerCase();
}

const time = (value: unknown): number => Date.parse(String(value));

type Session = (typeof sessions)[number];

function isSession(item: Session, query: Query): boolean {
  const { active, from, to, at, app, search, state } = query;
  const startedAt = time(item['startedAt']);
  const endedAt = item['endedAt'] === null ? Number.POSITIVE_INFINITY : time(item['endedAt']);
  if (active !== undefined && active !== (item['endedAt'] === null)) return false;
  if (from !== undefined && endedAt < from) return false;
  if (to !== undefined && startedAt >= to) return false;
  if (at !== undefined && (startedAt > at || endedAt <= at)) return false;
  if (app !== undefined && !item.connections.some((each) => each.appId === app && isOpenAt(at, each))) {
    return false;
  }
  if (search !== undefined && !nameOf(item).includes(search.toLowerCase())) return false;
  if (state !== undefined && state !== stateAt(at, item)) return false;
  return isOf(item, query);
}

function isOpenAt(at: number | undefined, { openedAt, closedAt }: Connection): boolean {
  return at === undefined || (time(openedAt) <= at && (closedAt === null || time(closedAt) > at));
}

function stateAt(at: number | undefined, item: Session): SessionState {
  if (at === undefined) return item['state'] as SessionState;
  return item.connections.some((each) => isOpenAt(at, each)) ? 'connected' : 'lingering';
}

/** Nothing is a part of nobody. */
const nameOf = ({ user }: Item): string =>
  user === null ? '' : `${user.directory ?? ''}\\${user.id}`.toLowerCase();

const NUMBERS: Partial<Record<SessionSort, (item: Item) => number>> = {
  lastActivity: (item) => time(item['lastActivityAt']),
  duration: (item) => Number(item['durationSeconds']),
  connections: (item) => (item['connections'] as readonly Connection[]).length,
  openConnections: (item) => Number(item['openConnections']),
};
const byNumbers = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });

interface Way {
  readonly sort: SessionSort;
  readonly order: 'asc' | 'desc';
  readonly at: number | undefined;
}

/** Of two sessions which one comes first, where nothing comes last and the newest of equals first. */
function compare({ sort, order, at }: Way, a: Session, b: Session): number {
  const sortedBy = (item: Session): string | number | null => {
    if (sort === 'state') return SESSION_STATES.indexOf(stateAt(at, item));
    if (sort === 'ended') return item['endedAt'] === null ? null : time(item['endedAt']);
    if (sort === 'user') return item.user === null ? null : `${item.user.directory ?? ''} ${item.user.id}`;
    return NUMBERS[sort]?.(item) ?? (item[sort] as string | null);
  };
  const [one, other] = [sortedBy(a), sortedBy(b)];
  if (one === null || other === null) return Number(one === null) - Number(other === null);
  const way = order === 'asc' ? 1 : -1;
  const isNumber = typeof one === 'number' && typeof other === 'number';
  return way * (isNumber ? one - other : byNumbers.compare(String(one), String(other)));
}

function sorted(items: readonly Session[], { sort, order, at }: Query): Session[] {
  const by = (sort ?? 'started') as SessionSort;
  const isName = ['user', 'host', 'virtualProxy', 'browser', 'os', 'state'].includes(by);
  const way = order ?? (isName ? 'asc' : 'desc');
  // As they are listed, the newest comes first.
  if (by === 'started') return way === 'desc' ? [...items] : items.toReversed();
  return items.toSorted((a, b) => compare({ sort: by, order: way, at }, a, b));
}

function isEvent(item: Item, query: Query): boolean {
  const { kind, from, to, app } = query;
  const at = time(item['at']);
  if (kind !== undefined && item['kind'] !== kind) return false;
  if ((from !== undefined && at < from) || (to !== undefined && at >= to)) return false;
  return (app === undefined || item['appId'] === app) && isOf(item, query);
}

const some = <T>(values: readonly T[]): fc.Arbitrary<T | undefined> =>
  fc.option(fc.constantFrom(...values), { nil: undefined, freq: 2 });
const someTime = fc.option(fc.integer({ min: NOON - 700 * MINUTE_MS, max: NOON + ROUNDS * 1.1 * DAY_MS }), {
  nil: undefined,
  freq: 2,
});
const someUser = some([...USERS.slice(0, 6), 'U3', 'lab\\u2', 'CORP\\U1', 'nobody', 'LAB\\nobody']);
const filters = {
  user: someUser,
  host: some([...HOSTS, 'qs3']),
  virtualProxy: some(['sales', 'hdr', 'none']),
  app: some([...APPS, '00000000-0000-4000-8000-0000000000ff']),
  from: someTime,
  to: someTime,
};
const inOrder = <T extends Query>(query: T): T => {
  const { from, to } = query;
  return from !== undefined && to !== undefined && from > to ? { ...query, from: to, to: from } : query;
};
const someSearch = some(['u1', 'U3', 'b\\u', 'LAB\\', 'orp', '9', 'nobody', '\\U12', 'u']);
/** Filters that contradict each other are refused. */
const isPossible = ({ active, state, at }: Query): boolean => {
  if (at !== undefined) return state !== 'ended' && state !== 'doubtful';
  return active === undefined || state === undefined || active === (state !== 'ended');
};
const limit = fc.constantFrom(1000, 300, 57, 1);

describe('searches give what looking at every item gives, page by page and in the same order', () => {
  it('the history is worth searching', () => {
    expect(sessions.length).toBeGreaterThan(4 * 256);
    expect(events.length).toBeGreaterThan(2 * 4096);
    expect([...new Set(sessions.map((item) => item['endReason']))].sort()).toEqual([null, 'stop', 'timeout']);
    expect(new Set(sessions.map((item) => item['state']))).toEqual(new Set(SESSION_STATES));
  });

  it('of sessions', async () => {
    const more = {
      at: someTime,
      active: some([true, false]),
      search: someSearch,
      state: some(SESSION_STATES),
    };
    const way = { sort: some(SESSION_SORTS), order: some(['asc', 'desc'] as const) };
    const query = fc
      .record({ ...filters, ...more, ...way })
      .map(inOrder)
      .filter(isPossible);
    await fc.assert(
      fc.asyncProperty(query, limit, async (query, limit) => {
        const found = sessions.filter((item) => isSession(item, query));
        const expected = sorted(found, query).map(({ id }) => id);
        fc.pre(expected.length / limit < 50);
        const answer = await pages(pathOf('/api/v1/sessions', query), limit);
        expect(answer.map(({ id }) => id)).toEqual(expected);
      }),
      { numRuns: 400 },
    );
  }, 60_000);

  it('of events', async () => {
    const query = fc.record({ ...filters, kind: some(KINDS) }).map(inOrder);
    await fc.assert(
      fc.asyncProperty(query, limit, async (query, limit) => {
        const expected = events.filter((item) => isEvent(item, query)).map(({ seq }) => seq);
        fc.pre(expected.length / limit < 50);
        const found = await pages(pathOf('/api/v1/events', query), limit);
        expect(found.map(({ seq }) => seq)).toEqual(expected);
      }),
      { numRuns: 100 },
    );
  }, 60_000);
});
