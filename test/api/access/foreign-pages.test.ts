import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { knownHosts } from '../../../src/api/access/foreign-pages.ts';
import { ApiUnderTest } from '../api-under-test.ts';

const READ = 'reader-0123456789abcdef';
const BOTH = 'sender-0123456789abcdef';
const TOKENS = [
  { name: 'reader', token: READ, scopes: ['read'] as const },
  { name: 'sender', token: BOTH, scopes: ['read', 'ingest'] as const },
];

const api = new ApiUnderTest();
const guarded = new ApiUnderTest({ tokens: TOKENS });
let received = 0;
beforeAll(() => Promise.all([api.start(), guarded.start()]));
afterAll(() => Promise.all([api.stop(), guarded.stop()]));
beforeEach(() => {
  api.hosts = null;
  received = api.pipeline.counters.received;
});

const ask = (host: string, url = '/api/v1/counts') => api.send({ method: 'GET', url, headers: { host } });

describe('where only some names are known', () => {
  beforeEach(() => {
    api.hosts = ['headcount.example.com'];
  });

  it.each([
    'localhost',
    'localhost:9999',
    'LOCALHOST.:9999',
    'app.localhost:80',
    '127.0.0.1:9999',
    '192.0.2.7',
    '[::1]:9999',
    '[fe80::1]',
    '[fe80::1%25eth0]:9999',
    'Headcount.Example.com:443',
  ])('the host %s is answered', async (host) => {
    expect((await ask(host)).statusCode).toBe(200);
  });

  it.each([
    'evil.example',
    'evil.example:9999',
    'localhost.evil.example',
    'evillocalhost',
    '127.0.0.1.evil.example',
    'x.headcount.example.com',
    'headcount.example.com.evil.example:9999',
    '[::1].evil.example',
    '127.1',
    'localhost:9999:9999',
  ])('the host %j is refused on every path, and told which key to set', async (host) => {
    for (const url of ['/api/v1/counts', '/', '/metrics', '/readyz', '/nope']) {
      const { statusCode, body } = await ask(host, url);
      expect(statusCode).toBe(421);
      expect(body).toEqual({
        statusCode: 421,
        error: 'Misdirected Request',
        message: `the host ${JSON.stringify(host)} is not known here; if it is meant, add it to "api.hosts"`,
      });
    }
  });

  it('nothing is taken from a page of another name either', async () => {
    const headers = {
      host: 'evil.example',
      origin: 'http://evil.example',
      'content-type': 'application/json',
    };
    const payload = '[{"type":"heartbeat"}]';
    expect((await api.send({ method: 'POST', url: '/api/v1/events', headers, payload })).statusCode).toBe(
      421,
    );
    expect(api.pipeline.counters.received).toBe(received);
  });
});

it('where any name is known, every one is answered', async () => {
  expect((await ask('evil.example')).statusCode).toBe(200);
});

it.each([
  [{ host: '127.0.0.1', hosts: [], tokens: [] }, []],
  [{ host: 'localhost', hosts: [], tokens: [] }, []],
  [{ host: '::1', hosts: ['a'], tokens: [] }, ['a']],
  [{ host: '127.0.0.1', hosts: [], tokens: TOKENS }, null],
  [{ host: '127.0.0.1', hosts: ['a'], tokens: TOKENS }, ['a']],
  [{ host: '0.0.0.0', hosts: [], tokens: [] }, null],
  [{ host: '::', hosts: ['a'], tokens: [] }, ['a']],
])('of %j the known names are %j', (listening, names) => {
  expect(knownHosts(listening)).toEqual(names);
});

describe('a page', () => {
  const post = (headers: Record<string, string>, to = api) =>
    to.send({
      method: 'POST',
      url: '/api/v1/events',
      headers: { host: 'localhost:9999', 'content-type': 'application/json', ...headers },
      payload: '[{"type":"heartbeat"}]',
    });

  it.each(['http://evil.example', 'http://localhost:3000', 'http://localhost', 'null', ''])(
    'of the origin %j may not post without a token',
    async (origin) => {
      const { statusCode, body } = await post({ origin });
      expect(statusCode).toBe(403);
      expect(body.message).toBe('pages of other origins may not send without tokens below "api.tokens"');
      expect(api.pipeline.counters.received).toBe(received);
    },
  );

  it('of the same origin may, and so may a program, which has none', async () => {
    for (const headers of [{ origin: 'http://localhost:9999' }, { origin: 'https://localhost:9999' }, {}]) {
      expect((await post(headers as Record<string, string>)).statusCode).toBe(202);
    }
  });

  it.each([
    'text/plain',
    'text/plain; application/json',
    'text/plain;charset=application/json',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=application/json',
    'text/plain, application/json',
    'application/jsonp',
    '',
  ])('cannot post as %j, for which a browser asks nobody', async (type) => {
    expect((await post({ 'content-type': type })).statusCode).toBe(415);
    expect(api.pipeline.counters.received).toBe(received);
  });

  it('is told by no answer to the question before a request that it may make it', async () => {
    const headers = {
      host: 'localhost:9999',
      origin: 'http://localhost:9999',
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'content-type',
    };
    const { statusCode, headers: said } = await api.send({
      method: 'OPTIONS',
      url: '/api/v1/events',
      headers,
    });
    expect(statusCode).toBe(405);
    expect(Object.keys(said).filter((name) => name.startsWith('access-control'))).toEqual([]);
  });

  it('of any origin may read nothing of an answer, and post with a token', async () => {
    const { headers } = await api.send({
      method: 'GET',
      url: '/',
      headers: { origin: 'http://evil.example' },
    });
    expect(headers['access-control-allow-origin']).toBeUndefined();
    const origin = 'http://portal.example';
    expect((await post({ origin, authorization: `Bearer ${BOTH}` }, guarded)).statusCode).toBe(202);
    expect((await post({ origin }, guarded)).statusCode).toBe(401);
  });
});

it('the scripts of the page are given to whatever origin a browser says, since a proxy may have changed the host', async () => {
  const html = (await api.send({ method: 'GET', url: '/', headers: { host: 'localhost:9999' } })).text;
  const url = `/${/src="(page\/[^"]+\.js)"/.exec(html)?.[1]}`;
  const headers = { host: 'localhost:9999', origin: 'http://tools.example' };
  expect((await api.send({ method: 'GET', url, headers })).statusCode).toBe(200);
});

describe('a page elsewhere that asks', () => {
  const get = (headers: Record<string, string>, to = api, url = '/api/v1/events?limit=1') =>
    to.send({ method: 'GET', url, headers: { host: 'localhost:9999', ...headers } });
  const basic = `Basic ${Buffer.from(`x:${READ}`).toString('base64')}`;

  it.each([
    { origin: 'http://evil.example' },
    { origin: 'http://localhost:3000' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' },
    { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'script' },
    { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' },
  ])('is refused before the work: %j', async (headers) => {
    for (const url of ['/api/v1/events', '/api/v1/stream', '/metrics']) {
      const { statusCode, body } = await get(headers as Record<string, string>, api, url);
      expect(statusCode).toBe(403);
      expect(body.message).toBe('pages of other origins may not ask without tokens below "api.tokens"');
    }
  });

  it.each([
    {},
    { origin: 'http://localhost:9999' },
    { 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' },
    // Behind a proxy that has made another `Host` of it.
    { origin: 'https://tools.example', 'sec-fetch-site': 'same-origin' },
    { 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' },
    { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' },
  ])('is none where somebody asks himself, or follows a link: %j', async (headers) => {
    expect((await get(headers as Record<string, string>)).statusCode).toBe(200);
  });

  it('is none behind a proxy that puts another name into Host, where the name is among those that are meant', async () => {
    const origin = 'https://headcount.example.com';
    expect((await get({ origin })).statusCode).toBe(403);
    api.hosts = ['headcount.example.com'];
    expect((await get({ origin })).statusCode).toBe(200);
    expect((await get({ origin: 'https://headcount.example.com:8443' })).statusCode).toBe(200);
    expect((await get({ origin: 'https://x.headcount.example.com' })).statusCode).toBe(403);
  });

  it('cannot use a password that the browser has kept, only a token that it was given', async () => {
    const origin = 'http://evil.example';
    expect((await get({ authorization: basic }, guarded)).statusCode).toBe(200);
    expect((await get({ authorization: basic, origin }, guarded)).statusCode).toBe(403);
    expect((await get({ authorization: `Bearer ${READ}`, origin }, guarded)).statusCode).toBe(200);
    expect((await get({ origin }, guarded)).statusCode).toBe(401);
  });
});

it('addresses come from the connection, never from a header', async () => {
  const forged = '203.0.113.9';
  const headers = {
    authorization: 'Bearer nobody-0123456789abcdef',
    'x-forwarded-for': forged,
    'x-real-ip': forged,
    'x-forwarded-host': 'localhost',
    forwarded: `for=${forged};host=localhost`,
  };
  await guarded.send({ method: 'GET', url: '/api/v1/counts', headers, remoteAddress: '192.0.2.7' });
  expect(guarded.troubles).toEqual([['wrong token', '192.0.2.7: GET /api/v1/counts']]);
});
