import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiUnderTest } from './api-under-test.ts';

/** So many seconds the beginning of a store matters: maximal age and grace. */
const MATTERS = 24 * 3_600 + 5 * 60 + 1;
const BOUNDS = ['sessionsLow', 'sessionsHigh', 'usersLow', 'usersHigh'] as const;
const UNBOUNDED = { sessionsLow: null, sessionsHigh: null, usersLow: null, usersHigh: null };

interface Range {
  readonly low: number;
  readonly high: number | null;
}
interface Counts {
  readonly active: { readonly bounds: { readonly sessions: Range; readonly users: Range } };
  readonly hosts: readonly { readonly host: string; readonly bounds: Counts['active']['bounds'] }[];
}

const api = new ApiUnderTest();

function receive(host: string, command: string, user: string, rowNumber: number | string): void {
  const line = `/headcount/2;${rowNumber};(null);${host};${command};0;(null);p${user}${rowNumber};1;(null);(null);LAB;${user};(null);x`;
  api.pipeline.receive(Buffer.from(line), { address: '192.0.2.7', port: 4711 }, api.now);
  api.pipeline.work();
}

/** What the counts say right now, flat as a point has it. */
async function boundsNow(host: string | null): Promise<Record<string, number | null>> {
  const counts = (await api.get('/api/v1/counts')).body as unknown as Counts;
  const part = host === null ? counts.active : counts.hosts.find((each) => each.host === host);
  if (part === undefined) return UNBOUNDED;
  const { sessions, users } = part.bounds;
  const [sessionsLow, sessionsHigh] = [sessions.low, sessions.high];
  return { sessionsLow, sessionsHigh, usersLow: users.low, usersHigh: users.high };
}

const DIMENSIONS = [null, 'qs1', 'qs2'] as const;
/** How far apart low and high come to be; null where there is no high any more. */
const WIDTHS = new Map<string | null, (number | null)[]>([
  [null, [0, 6, null]],
  ['qs1', [0, 6]],
  ['qs2', [0, null]],
]);
/** What was said when each second closed, by its beginning and what it is about. */
const said = new Map<string, Record<string, number | null>>();

async function passOneByOne(seconds: number): Promise<void> {
  for (let n = 0; n < seconds; n += 1) {
    api.pass(1);
    for (const host of DIMENSIONS) {
      said.set(`${new Date(api.now - 1_000).toISOString()} ${host}`, await boundsNow(host));
    }
  }
}

async function pointsOf(query: string) {
  const { statusCode, body } = await api.get(`/api/v1/series?${query}`);
  expect([statusCode, body['message']]).toEqual([200, undefined]);
  return body.points;
}

const boundsOf = (point: Readonly<Record<string, unknown>> | undefined) =>
  Object.fromEntries(BOUNDS.map((name) => [name, point?.[name]]));

let began: number;
beforeAll(async () => {
  await api.start();
  // To a whole minute.
  api.pass(MATTERS + 59);
  began = api.now;
  for (const host of ['qs1', 'qs2']) {
    for (const [place, user] of ['ann', 'bob'].entries()) receive(host, 'Start session', user, place + 1);
  }
  await passOneByOne(10);
  // Three lines of qs1 are lost, which is noticed five seconds later.
  receive('qs1', 'Start session', 'eve', 6);
  receive('qs1', 'Start session', 'fay', 7);
  await passOneByOne(15);
  // A line without a number: from then on nobody can know what qs2 loses.
  receive('qs2', 'Stop session', 'nobody', '(null)');
  await passOneByOne(10);
  api.pass(25);
});
afterAll(() => api.stop());

describe('what the truth lies between, over time,', () => {
  it.each(DIMENSIONS)('is what the counts said when each second closed: of %s', async (host) => {
    const points = await pointsOf(`window=60s${host === null ? '' : `&host=${host}`}`);
    const known = points.filter(({ at }) => said.has(`${at} ${host}`));
    expect(known).toHaveLength(35);
    for (const point of known)
      expect([point.at, boundsOf(point)]).toEqual([point.at, said.get(`${point.at} ${host}`)]);
    const widths = known.map(({ sessionsLow, sessionsHigh }) =>
      sessionsHigh === null ? null : Number(sessionsHigh) - Number(sessionsLow),
    );
    // Three lines that are lost may have ended three sessions or begun three; of lines without a number nobody knows.
    expect([...new Set(widths)]).toEqual(WIDTHS.get(host));
  });

  it.each([
    ['5s', 5],
    ['1m', 60],
  ])('is in steps of %s that of the last second of each, together with the counts', async (step, seconds) => {
    for (const of of ['', '&host=qs1', '&host=qs2']) {
      const range = `from=${new Date(began).toISOString()}&to=${new Date(began + 60_000).toISOString()}${of}`;
      const ones = await pointsOf(`step=1s&${range}`);
      for (const [place, point] of (await pointsOf(`step=${step}&${range}`)).entries()) {
        const { at: _, created: _created, destroyed: _destroyed, rejected: _rejected, ...level } = point;
        expect(ones[(place + 1) * seconds - 1]).toMatchObject(level);
      }
    }
  });

  it('is in days that of the last hour', async () => {
    const [day] = await pointsOf(
      `step=1d&from=${new Date(began).toISOString()}&to=${new Date(began + 1).toISOString()}`,
    );
    expect(boundsOf(day)).toEqual(boundsOf((await pointsOf('window=60s')).at(-1)));
  });

  it('is null for a virtual proxy, an app and a host of which nothing is known, and where nothing ran', async () => {
    for (const query of ['virtualProxy=x', 'app=a', 'host=nobody']) {
      expect(boundsOf((await pointsOf(query)).at(-1)), query).toEqual(UNBOUNDED);
    }
    const before = await pointsOf('step=1h&from=2026-05-18T00:00:00Z&to=2026-05-18T02:00:00Z');
    expect(before.map(boundsOf)).toEqual([UNBOUNDED, UNBOUNDED]);
  });

  it('is empty in CSV where nobody can know', async () => {
    const { text } = await api.get('/api/v1/series?window=60s&format=csv');
    const [names = [], ...rows] = parse(text) as string[][];
    const first = names.indexOf(BOUNDS[0]);
    const bounds = (cells: readonly string[]) => cells.slice(first, first + BOUNDS.length);
    expect(bounds(names)).toEqual([...BOUNDS]);
    const points = await pointsOf('window=60s');
    expect(rows.map(bounds)).toEqual(points.map((point) => BOUNDS.map((name) => String(point[name] ?? ''))));
  });
});
