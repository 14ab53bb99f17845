import type { InjectOptions } from 'fastify';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ApiUnderTest, type Reply } from '../api-under-test.ts';
import { type Route, routesOf } from '../routes.ts';

const READ = 'reader-0123456789abcdef';
const INGEST = 'sender-0123456789abcdef';
const BOTH = 'both-0123456789abcdef==';
const OPEN = ['/healthz', '/readyz', '/'];

const api = new ApiUnderTest({
  tokens: [
    { name: 'reader', token: READ, scopes: ['read'] },
    { name: 'sender', token: INGEST, scopes: ['ingest'] },
    { name: 'both', token: BOTH, scopes: ['read', 'ingest'] },
  ],
});
// Before the tests are collected: there is one for each route.
const routes = await routesOf(api.app);
const strangers = ['/nope', '/api', '/__proto__'].flatMap((path) =>
  ['GET', 'HEAD', 'POST', 'DELETE'].map((method) => ({ method, path })),
);
beforeAll(() => api.start());
afterAll(() => api.stop());
// Wrong tokens are limited by the minute.
beforeEach(() => {
  api.now += 60_000;
});

const basic = (password: string, user = 'me') =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
const ask = ({ method, path }: Route, authorization?: string): Promise<Reply> =>
  api.send({
    method: method as NonNullable<InjectOptions['method']>,
    url: path,
    headers: {
      ...(authorization === undefined ? {} : { authorization }),
      ...(method === 'POST' ? { 'content-type': 'application/json' } : {}),
    },
    ...(method === 'POST' ? { payload: '[]' } : {}),
  });
const isReading = ({ method }: Route) => method === 'GET' || method === 'HEAD';

const NOT_KNOWN = {
  unknown: 'Bearer nobody-0123456789abcdef',
  'almost right': `Bearer ${READ}0`,
  shortened: `Bearer ${READ.slice(0, -1)}`,
  'of another case': `Bearer ${READ.toUpperCase()}`,
  empty: 'Bearer ',
  'only a scheme': 'Bearer',
  'without a scheme': READ,
  'of another scheme': `Digest ${READ}`,
  'two tokens': `Bearer ${READ} ${INGEST}`,
  'a list': `Bearer ${READ},${INGEST}`,
  'Basic with another password': basic('nobody-0123456789abcdef'),
  'Basic without a colon': `Basic ${Buffer.from(READ).toString('base64')}`,
  'Basic with the token as user': basic('', READ),
  'Basic that is no base64': 'Basic ===',
  'its own digest': `Bearer ${Buffer.from(READ).toString('hex')}`,
};

it('the routes are those of the router', () => {
  const known = routes.map(({ method, path }) => `${method} ${path}`);
  expect(known).toEqual(
    expect.arrayContaining(['GET /', 'HEAD /metrics', 'POST /api/v1/events', 'GET /api/v1/sessions/x']),
  );
  expect(new Set(known).size).toBe(known.length);
});

describe.each([...routes, ...strangers])('$method $path', (route) => {
  const isOpen = OPEN.includes(route.path);

  it('wants a token', async () => {
    const reply = await ask(route);
    expectSafe(route, reply);
    if (isOpen) expect([401, 403]).not.toContain(reply.statusCode);
    else expectChallenge(route, reply, 'Bearer realm="Headcount"');
  });

  it('takes no other token for one', async () => {
    for (const [what, authorization] of Object.entries(NOT_KNOWN)) {
      const reply = await ask(route, authorization);
      expectSafe(route, reply);
      if (isOpen) expect([401, 403], what).not.toContain(reply.statusCode);
      else expectChallenge(route, reply, 'Bearer realm="Headcount", error="invalid_token"');
      expect(reply.text).not.toContain('0123456789abcdef');
    }
  });

  it('refuses a token of the other scope', async () => {
    const reply = await ask(route, `Bearer ${isReading(route) ? INGEST : READ}`);
    expectSafe(route, reply);
    if (isOpen) return expect([401, 403]).not.toContain(reply.statusCode);
    expect(reply.statusCode).toBe(403);
    expect(reply.headers['www-authenticate']).toContain('error="insufficient_scope"');
    if (route.method !== 'HEAD') expect(Object.keys(reply.body)).toEqual(['statusCode', 'error', 'message']);
  });

  it('lets a good token in', async () => {
    for (const token of [isReading(route) ? READ : INGEST, BOTH]) {
      for (const scheme of ['Bearer', 'bearer', 'BEARER ']) {
        const reply = await ask(route, `${scheme} ${token}`);
        expectSafe(route, reply);
        expect([401, 403]).not.toContain(reply.statusCode);
        expect(reply.statusCode).toBeLessThan(500);
        expect(reply.headers['www-authenticate']).toBeUndefined();
      }
    }
  });

  it('takes the token as a password for reading only', async () => {
    if (isOpen) return;
    const { statusCode } = await ask(route, basic(BOTH));
    if (isReading(route)) expect([401, 403]).not.toContain(statusCode);
    else expect(statusCode).toBe(401);
  });
});

it('says what is wrong: that a token is needed, or that this one is not known', async () => {
  const route = { method: 'GET', path: '/api/v1/counts' };
  expect((await ask(route)).body.message).toBe('a token is needed: Authorization: Bearer TOKEN');
  expect((await ask(route, 'Bearer nobody-0123456789abcdef')).body.message).toBe('this token is not known');
  expect((await ask(route, `Bearer ${INGEST}`)).body.message).toBe('this token does not have the scope read');
});

it('a token is looked at before the body, the query and the path', async () => {
  const replies = [
    await api.send({
      method: 'POST',
      url: '/api/v1/events',
      headers: { 'content-type': 'x/y' },
      payload: '{',
    }),
    await api.get('/api/v1/sessions?limit=0'),
    await api.get('/nope?x'),
  ];
  expect(replies.map(({ statusCode }) => statusCode)).toEqual([401, 401, 401]);
});

it('requests without a good token are counted as refused by the receiver', async () => {
  const before = await refusedRequests();
  await api.post('[]');
  expect(await refusedRequests()).toBe(before + 1);
});

async function refusedRequests(): Promise<number> {
  const { body } = await ask({ method: 'GET', path: '/api/v1/ingest' }, `Bearer ${READ}`);
  const receivers = body['receivers'] as { name: string; refusedRequests?: number }[];
  return receivers.find(({ name }) => name === 'http')?.refusedRequests ?? Number.NaN;
}

function expectChallenge(route: Route, reply: Reply, bearer: string): void {
  expect(reply.statusCode).toBe(401);
  const basicToo = isReading(route) ? ['Basic realm="Headcount", charset="UTF-8"'] : [];
  expect([reply.headers['www-authenticate']].flat()).toEqual([bearer, ...basicToo]);
  if (route.method === 'HEAD') expect(reply.text).toBe('');
  else expect(reply.body).toEqual({ statusCode: 401, error: 'Unauthorized', message: expect.any(String) });
}

/** What every answer has, whoever asked. */
function expectSafe({ path }: Route, { statusCode, headers }: Reply): void {
  expect(headers).toMatchObject({
    'x-content-type-options': 'nosniff',
    'content-security-policy': expect.stringMatching(/^default-src 'none';.*frame-ancestors 'none'$/),
    'referrer-policy': 'no-referrer',
  });
  // Whoever keeps the counts keeps no names.
  const mayKeep = path === '/api/v1/counts' && statusCode === 200;
  expect(headers['cache-control']).toBe(mayKeep ? 'private, no-cache' : 'no-store');
  expect(headers['x-powered-by']).toBeUndefined();
}
