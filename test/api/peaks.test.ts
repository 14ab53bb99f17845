import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiUnderTest, type Item, NOON } from './api-under-test.ts';

const HOUR_MS = 3_600_000;
const DAYS = 3;

interface Peaks {
  readonly from: string;
  readonly to: string;
  readonly sessions: { readonly peak: number | null; readonly at: string | null };
  readonly users: { readonly peak: number | null; readonly at: string | null };
  readonly seats: { readonly peak: number | null; readonly at: string | null };
  readonly created: number | null;
  readonly rejected: number | null;
}

const api = new ApiUnderTest();
let sessions: readonly Item[] = [];
let rejections: readonly Item[] = [];

/** Each hour of some days somebody comes; every few hours somebody stays long, or is not let in. */
beforeAll(async () => {
  await api.start();
  for (let hour = 0; hour < DAYS * 24; hour += 1) {
    const at = (minutes: number) => new Date(api.now + minutes * 60_000).toISOString();
    const items = Array.from({ length: 1 + (hour % 5) }, (_, n) => ({
      user: { directory: 'LAB', id: `u${(hour + n) % 7}` },
      host: n % 2 === 0 ? 'qs1' : 'qs2',
    })).flatMap((who, n) => [
      { ...who, type: 'session_start', at: at(-50 + n * 3) },
      ...(hour % 6 === n ? [] : [{ ...who, type: 'session_stop', at: at(-40 + n * 5) }]),
    ]);
    const who = { user: { directory: 'LAB', id: 'u1' }, host: 'qs1', reason: 'denied' };
    if (hour % 4 === 0) items.push({ ...who, type: 'session_rejected', at: at(-5) });
    await api.post(items);
    // A level in each hour that was lived through; a downtime puts off time-outs.
    api.pass(2);
    if (hour < DAYS * 24 - 1) api.now += HOUR_MS - 2_000;
  }
  sessions = (await api.get('/api/v1/sessions?limit=1000')).body.items;
  rejections = (await api.get('/api/v1/events?kind=session_rejected&limit=1000')).body.items;
}, 60_000);
afterAll(() => api.stop());

const time = (value: unknown) => Date.parse(String(value));

async function pages(query: string): Promise<Peaks[]> {
  const items: Peaks[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const after = cursor === '' ? '' : `&cursor=${cursor}`;
    const { statusCode, body } = await api.get(`/api/v1/peaks?${query}${after}`);
    expect([statusCode, body['message']]).toEqual([200, undefined]);
    items.push(...(body.items as unknown as Peaks[]));
    cursor = body.nextCursor;
  }
  return items;
}

/** Counts at every moment at which a session began. */
function slowPeak(from: number, to: number, among: readonly Item[]) {
  const on = (at: number) =>
    among.filter(
      (item) => time(item['startedAt']) <= at && !(item['endedAt'] !== null && time(item['endedAt']) <= at),
    );
  const moments = [from, ...among.map((item) => time(item['startedAt']))]
    .filter((at) => at >= from && at < Math.min(to, api.now + 1))
    .sort((a, b) => a - b);
  const users = (at: number) => new Set(on(at).map(({ user }) => user?.id)).size;
  const peak = Math.max(...moments.map((at) => on(at).length));
  return {
    sessions: { peak, at: new Date(moments.find((at) => on(at).length === peak) ?? 0).toISOString() },
    users: Math.max(...moments.map(users)),
    created: among.filter((item) => time(item['startedAt']) >= from && time(item['startedAt']) < to).length,
    rejected: rejections.filter(({ at }) => time(at) >= from && time(at) < to).length,
  };
}

describe('peaks', () => {
  const span = `from=${new Date(NOON - HOUR_MS).toISOString()}&to=${new Date(NOON + DAYS * 24 * HOUR_MS).toISOString()}`;

  it.each([
    ['hour', 'UTC', 72],
    ['hour', 'Asia/Kolkata', 72],
    ['day', 'UTC', 4],
    ['day', 'Europe/Berlin', 4],
    ['month', 'America/New_York', 1],
  ])('of each %s in %s are what looking at each session finds', async (by, timeZone, least) => {
    const items = await pages(`by=${by}&timeZone=${timeZone}&${span}`);
    const known = items.filter(({ created }) => created !== null);
    expect(known.length).toBeGreaterThanOrEqual(least);
    for (const { from, to, sessions: found, users, created, rejected } of known) {
      const expected = slowPeak(time(from), time(to), sessions);
      if (expected.sessions.peak === 0) expected.sessions.at = null as unknown as string;
      expect({ sessions: found, users: users.peak, created, rejected }, from).toEqual(expected);
    }
    expect(items.map(({ from }) => from).slice(1)).toEqual(items.map(({ to }) => to).slice(0, -1));
  });

  it('come in pages, the same whatever their size', async () => {
    const whole = await pages(`by=hour&${span}`);
    expect(await pages(`by=hour&limit=7&${span}`)).toEqual(whole);
    expect(whole.length).toBeGreaterThan(50);
  });

  it('of one host are those of its sessions', async () => {
    const qs2 = sessions.filter((item) => item['host'] === 'qs2');
    for (const { from, to, sessions: found } of await pages(`by=day&host=QS2.example.com&${span}`)) {
      expect(found).toEqual(slowPeak(time(from), time(to), qs2).sessions);
    }
  });

  it('of a time in which nobody counted are unknown, never 0', async () => {
    const nothing = { peak: null, at: null };
    const unknown = { sessions: nothing, users: nothing, seats: nothing, created: null, rejected: null };
    const [before] = await pages('by=day&from=2026-05-01T00:00:00Z&to=2026-05-02T00:00:00Z');
    expect(before).toEqual({ from: '2026-05-01T00:00:00.000Z', to: '2026-05-02T00:00:00.000Z', ...unknown });
    const [after] = await pages('by=hour&from=2027-05-01T00:00:00Z&to=2027-05-01T01:00:00Z');
    expect(after).toMatchObject(unknown);
  });

  it('count a seat until five minutes after its session, and five of one user at most', async () => {
    const seats = (at: number): number => {
      const held = sessions.filter(
        ({ startedAt, endedAt }) =>
          time(startedAt) <= at && (endedAt === null || time(endedAt) + 300_000 > at),
      );
      const byUser = Map.groupBy(held, ({ user }) => user?.id);
      return [...byUser.values()].reduce((sum, of) => sum + Math.min(5, of.length), 0);
    };
    const hours = (await pages(`by=hour&${span}`)).filter(({ created }) => created !== null);
    for (const { from, to, seats: found } of hours) {
      const moments = [time(from), ...sessions.map(({ startedAt }) => time(startedAt))];
      const within = moments.filter((at) => at >= time(from) && at < time(to));
      expect(found.peak, from).toBe(Math.max(...within.map(seats)));
    }
    expect(hours.some(({ seats, sessions }) => (seats.peak ?? 0) > (sessions.peak ?? 0))).toBe(true);
  });

  it('come as CSV', async () => {
    const { text, headers } = await api.get(`/api/v1/peaks?by=day&limit=1&format=csv&${span}`);
    const [names, row] = parse(text) as string[][];
    expect(names).toEqual(
      'from to sessions.peak sessions.at users.peak users.at seats.peak seats.at created rejected'.split(' '),
    );
    const [first] = await pages(`by=day&limit=1&${span}`);
    expect(row?.slice(0, 3)).toEqual([first?.from, first?.to, String(first?.sessions.peak)]);
    expect(headers['link']).toMatch(/cursor=\d+>; rel="next"$/);
  });

  it.each([
    ['by=week', 'by: expected one of hour, day, month'],
    ['timeZone=Mars', 'timeZone: expected an IANA name such as Europe/Berlin'],
    ['from=2026-05-20T00:00:00Z&to=2026-05-19T00:00:00Z', 'from: later than to'],
    ['from=yesterday', expect.stringContaining('from: ')],
  ])('are refused for %s', async (query, message) => {
    const { statusCode, body } = await api.get(`/api/v1/peaks?${query}`);
    expect([statusCode, body['message']]).toEqual([400, message]);
  });
});
