import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiUnderTest, SALES } from './api-under-test.ts';

const api = new ApiUnderTest();
const ann = { directory: 'LAB', id: 'ann' };
const bob = { directory: 'LAB', id: 'bob' };

beforeAll(async () => {
  await api.start();
  await api.post([
    { type: 'session_start', user: ann, host: 'qs1', virtualProxy: 'sales' },
    { type: 'session_start', user: bob, host: 'qs2' },
  ]);
  api.pass(10);
  await api.post([
    { type: 'connection_open', user: ann, host: 'qs1', appId: SALES },
    { type: 'session_stop', user: bob, host: 'qs2' },
    { type: 'session_rejected', user: bob, host: 'qs2' },
  ]);
  api.pass(10);
});
afterAll(() => api.stop());

/** The point of `second` in the minute after noon. */
async function point(query: string, second: number) {
  const { statusCode, body } = await api.get(`/api/v1/series${query}`);
  expect(statusCode).toBe(200);
  expect(body).toMatchObject({ window: '60s', stepSeconds: 1 });
  expect(body.points).toHaveLength(60);
  return body.points.find(({ at }) => Date.parse(at) === Date.parse('2026-05-19T12:00:00Z') + second * 1000);
}

it('the last minute comes in seconds; what was before the program ran is null, never 0', async () => {
  const nothing = { created: 0, destroyed: 0, rejected: 0 };
  expect(await point('', -5)).toMatchObject({ created: null, active: null, users: null, connections: null });
  expect(await point('', 0)).toMatchObject({ ...nothing, created: 2, active: 2, users: 2, connections: 0 });
  expect(await point('', 5)).toMatchObject({ ...nothing, active: 2, users: 2, connections: 0 });
  const at10 = { created: 0, destroyed: 1, rejected: 1, active: 1, users: 1, connections: 1 };
  expect(await point('?window=60s', 10)).toMatchObject(at10);
});

it('one host, virtual proxy or app can be asked for', async () => {
  expect(await point('?host=QS2.example.com', 10)).toMatchObject({ destroyed: 1, rejected: 1, active: 0 });
  expect(await point('?host=qs1', 15)).toMatchObject({ destroyed: 0, active: 1, users: 1, connections: 1 });
  expect(await point('?virtualProxy=sales', 15)).toMatchObject({ active: 1, users: 1, connections: 1 });
  expect(await point(`?app=${SALES.toUpperCase()}`, 15)).toMatchObject({
    active: 1,
    users: 1,
    connections: 1,
  });
  expect(await point('?host=nobody', 15)).toMatchObject({ created: 0, active: 0, users: 0, connections: 0 });
});

it.each([
  ['60s', 1, 60],
  ['1h', 5, 720],
  ['1d', 60, 1440],
  ['1w', 3600, 168],
])('the window %s has a point every %i s', async (window, stepSeconds, points) => {
  const { body } = await api.get(`/api/v1/series?window=${window}`);
  expect(body).toMatchObject({ window, stepSeconds });
  expect(body.points).toHaveLength(points);
  expect(body.points.reduce((sum, { created }) => sum + Number(created ?? 0), 0)).toBe(2);
});

describe('a range', () => {
  const pointsOf = async (query: string) => {
    const { statusCode, body } = await api.get(`/api/v1/series?${query}`);
    expect([statusCode, body['message']]).toEqual([200, undefined]);
    return body.points;
  };

  it.each([
    ['60s', '1s'],
    ['1h', '5s'],
    ['1d', '1m'],
    ['1w', '1h'],
  ])('says what the window %s says, in steps of %s', async (window, step) => {
    const points = await pointsOf(`window=${window}`);
    const from = points[0]?.at;
    const to = new Date(Date.parse(points.at(-1)?.at ?? '') + 1).toISOString();
    expect(await pointsOf(`step=${step}&from=${from}&to=${to}`)).toEqual(points);
    const host = await pointsOf(`window=${window}&host=qs1`);
    expect(await pointsOf(`step=${step}&from=${from}&to=${to}&host=qs1`)).toEqual(host);
  });

  it('has the step in which it begins, and none that begins when it ends or later', async () => {
    const points = await pointsOf('step=1m&from=2026-05-19T11:58:30Z&to=2026-05-19T12:02:00Z');
    expect(points.map(({ at }) => at.slice(11, 16))).toEqual(['11:58', '11:59', '12:00', '12:01']);
    expect(points.map(({ created }) => created)).toEqual([null, 0, 2, null]);
    expect(await pointsOf('step=1m&from=2026-05-19T12:00:00Z&to=2026-05-19T12:00:00Z')).toEqual([]);
  });

  it('ends now and has 60 steps unless it says otherwise', async () => {
    const points = await pointsOf('step=1s');
    expect(points.map(({ at }) => at)).toEqual(
      Array.from({ length: 60 }, (_, n) => new Date(api.now - (60 - n) * 1000).toISOString()),
    );
  });

  it.each([
    ['UTC', '2026-05-19T00:00:00.000Z', '2026-05-20T00:00:00.000Z'],
    ['Europe/Berlin', '2026-05-18T22:00:00.000Z', '2026-05-19T22:00:00.000Z'],
    ['Asia/Kolkata', '2026-05-18T18:30:00.000Z', '2026-05-19T18:30:00.000Z'],
  ])('in days begins each of them at midnight in %s', async (timeZone, today, tomorrow) => {
    const query = `step=1d&timeZone=${timeZone}&from=2026-05-19T12:00:00Z&to=${tomorrow}`;
    const nothing = { destroyed: 1, rejected: 1, active: 1, users: 1, connections: 1 };
    const bounds = { sessionsLow: 1, sessionsHigh: null, usersLow: 1, usersHigh: null, connectedUsers: 1 };
    expect(await pointsOf(query)).toEqual([{ at: today, created: 2, ...nothing, ...bounds }]);
    const unknown = await pointsOf(`step=1d&timeZone=${timeZone}&from=2026-05-01T12:00:00Z&to=${today}`);
    expect(unknown).toHaveLength(18);
    expect(unknown.every(({ created, active }) => created === null && active === null)).toBe(true);
  });

  it.each([
    ['from=2026-05-19T12:00:00Z', 'step: needed with from and to'],
    ['step=1s&window=1h', 'window: not together with step'],
    ['step=1s&from=2026-05-19T12:00:00Z&to=2026-05-19T11:00:00Z', 'from: later than to'],
    ['step=1s&from=2026-05-18T12:00:00Z', 'step: more than 10000 points, ask for fewer or a longer step'],
    ['step=2s', 'step: expected one of 1s, 5s, 1m, 1h, 1d'],
    ['step=1d&timeZone=Mars', 'timeZone: expected an IANA name such as Europe/Berlin'],
  ])('that is none is refused: %s', async (query, message) => {
    const { statusCode, body } = await api.get(`/api/v1/series?${query}`);
    expect([statusCode, body['message']]).toEqual([400, message]);
  });

  it('as CSV has a line for each point, and nothing in it where nobody knows', async () => {
    const query = 'step=1m&from=2026-05-19T11:58:00Z&to=2026-05-19T12:01:00Z&format=csv';
    const { text, headers } = await api.get(`/api/v1/series?${query}`);
    expect(headers['content-type']).toMatch(/^text\/csv/);
    expect(parse(text)).toEqual([
      [
        ...['at', 'created', 'destroyed', 'rejected', 'active', 'users', 'connections'],
        ...['sessionsLow', 'sessionsHigh', 'usersLow', 'usersHigh', 'connectedUsers'],
      ],
      ['2026-05-19T11:58:00.000Z', '', '', '', '', '', '', '', '', '', '', ''],
      ['2026-05-19T11:59:00.000Z', '0', '0', '0', '0', '0', '0', '0', '', '0', '', '0'],
      ['2026-05-19T12:00:00.000Z', '2', '1', '1', '1', '1', '1', '1', '', '1', '', '1'],
    ]);
  });
});
