import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiUnderTest } from './api-under-test.ts';

const api = new ApiUnderTest();
beforeAll(() => api.start());
afterAll(() => api.stop());

describe('a query is refused in words', () => {
  it.each([
    ['/api/v1/counts?x=1', 'unknown query parameter "x"'],
    ['/api/v1/ingest?x', 'unknown query parameter "x"'],
    ['/api/v1/sessions?usr=ann', 'unknown query parameter "usr"'],
    ['/api/v1/sessions?__proto__=1', 'unknown query parameter "__proto__"'],
    ['/api/v1/sessions?kind=session_start', 'unknown query parameter "kind"'],
    ['/api/v1/sessions/x?limit=1', 'unknown query parameter "limit"'],
    ['/api/v1/events?active=true', 'unknown query parameter "active"'],
    ['/api/v1/events?at=2026-05-19T12:00:00Z', 'unknown query parameter "at"'],
    ['/api/v1/events?kind=login', 'kind: expected one of session_start, session_stop, '],
    ['/api/v1/sessions?active=maybe', 'active: must be boolean'],
    ['/api/v1/sessions?limit=0', 'limit: must be >= 1'],
    ['/api/v1/sessions?limit=1001', 'limit: must be <= 1000'],
    ['/api/v1/sessions?limit=ten', 'limit: must be integer'],
    ['/api/v1/sessions?limit=', 'limit: must be integer'],
    ['/api/v1/sessions?user=', 'user: must NOT have fewer than 1 characters'],
    ['/api/v1/sessions?user=a&user=b', 'user: must be string'],
    ['/api/v1/sessions?cursor=-1', 'cursor: must match pattern'],
    ['/api/v1/sessions?at=yesterday', 'at: expected ISO 8601 with a zone'],
    ['/api/v1/sessions?at=1779192000000', 'at: expected ISO 8601 with a zone'],
    ['/api/v1/sessions?from=2026-05-19T12:00:00', 'from: expected ISO 8601 with a zone'],
    ['/api/v1/events?to=2026-05-19', 'to: expected ISO 8601 with a zone'],
    ['/api/v1/events?from=2026-05-19T12:00:00Z&to=2026-05-19T11:00:00Z', 'from: later than to'],
    ['/api/v1/series?window=2h', 'window: expected one of 60s, 1h, 1d, 1w'],
  ])('%s', async (url, message) => {
    const { statusCode, body } = await api.get(url);
    expect(statusCode).toBe(400);
    expect(body).toEqual({
      statusCode: 400,
      error: 'Bad Request',
      message: expect.stringContaining(message),
    });
  });

  it('POST /api/v1/events?x=1', async () => {
    const headers = { 'content-type': 'application/json' };
    const reply = await api.send({ method: 'POST', url: '/api/v1/events?x=1', headers, payload: '[]' });
    expect(reply.statusCode).toBe(400);
    expect(reply.body.message).toBe('unknown query parameter "x"');
  });
});

it.each(['/nope', '/api/v1', '/api/v1/counts/', '/api/v1/sessions/a/b', '/__proto__'])(
  'there is nothing at %s',
  async (url) => {
    const { statusCode, body } = await api.get(url);
    expect(statusCode).toBe(404);
    expect(body).toEqual({ statusCode: 404, error: 'Not Found', message: `nothing at GET ${url}` });
  },
);

it('a body for a path that there is not is not even looked at', async () => {
  const headers = { 'content-type': 'text/strange' };
  const { statusCode } = await api.send({ method: 'POST', url: '/nope', headers, payload: '{' });
  expect(statusCode).toBe(404);
});

it.each([
  ['POST', '/api/v1/counts', 'GET, HEAD'],
  ['DELETE', '/api/v1/sessions/x', 'GET, HEAD'],
  ['PUT', '/api/v1/events', 'GET, HEAD, POST'],
  ['OPTIONS', '/', 'GET, HEAD'],
] as const)('%s %s is a 405 that says what is allowed', async (method, url, allow) => {
  const headers = { 'content-type': 'text/strange' };
  const { statusCode, headers: replied, body } = await api.send({ method, url, headers, payload: '{' });
  expect(statusCode).toBe(405);
  expect(replied['allow']).toBe(allow);
  expect(body).toEqual({
    statusCode: 405,
    error: 'Method Not Allowed',
    message: `this path knows only ${allow}`,
  });
});

it.each([
  ['/api/v1/sessions/%E0%A4%A', 400],
  ['/%', 400],
  [`/api/v1/sessions/${'x'.repeat(5000)}`, 414],
])('the odd path %.40s is an error in the usual form', async (url, expected) => {
  const { statusCode, headers, body } = await api.get(url);
  expect(statusCode).toBe(expected);
  expect(headers['x-content-type-options']).toBe('nosniff');
  expect(Object.keys(body).sort()).toEqual(['error', 'message', 'statusCode']);
});

it('what fails inside is a 500 without details', async () => {
  const broken = await new ApiUnderTest().start();
  Object.defineProperty(broken, 'settle', { value: () => Promise.reject(new Error('disk on fire')) });
  const { statusCode, text, body } = await broken.get('/api/v1/sessions');
  expect(statusCode).toBe(500);
  expect(body).toMatchObject({ statusCode: 500, error: 'Internal Server Error' });
  expect(text).not.toContain('fire');
  await broken.stop();
});

it.each(['/', '/healthz', '/readyz', '/api/v1/ingest', '/api/v1/sessions', '/nope', '/api/v1/counts?x'])(
  '%s has the security headers',
  async (url) => {
    const { headers } = await api.get(url);
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'content-security-policy': expect.stringMatching(/default-src 'none';.*frame-ancestors 'none'/),
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
    });
  },
);

it('the server gives up on slow requests and idle connections', () => {
  const { requestTimeout, timeout, keepAliveTimeout } = api.app.server;
  expect([requestTimeout, timeout, keepAliveTimeout].every((ms) => ms > 0)).toBe(true);
});
