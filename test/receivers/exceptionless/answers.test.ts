import { deflateSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createExceptionlessReceiver } from '../../../receivers/exceptionless/exceptionless.ts';
import { ApiUnderTest } from '../../api/api-under-test.ts';

const KEY = 'exceptionless-test-key';
const POST = { method: 'POST', url: '/api/v2/events' } as const;
const JSON_TYPE = { 'content-type': 'application/json' };
const AUTHORIZED = { authorization: `Bearer ${KEY}` };
const anna = { '@user': { identity: 'LAB\\anna' } };

let api: ApiUnderTest;

function given(tokens: ConstructorParameters<typeof ApiUnderTest>[0] = {}) {
  const receiver = (parts: Parameters<typeof createExceptionlessReceiver>[0]) =>
    createExceptionlessReceiver({ ...parts, name: 'exceptionless' });
  return new ApiUnderTest({ receiver, ...tokens }).start();
}

describe('with a key', () => {
  beforeEach(async () => {
    api = await given({
      tokens: [
        { name: 'Shop', token: KEY, scopes: ['ingest'] },
        { name: 'reader', token: 'a-token-that-reads', scopes: ['read'] },
      ],
    });
  });
  afterEach(() => api.stop());

  const post = (payload: string | Buffer, headers: Readonly<Record<string, string>> = JSON_TYPE) =>
    api.send({ ...POST, headers: { ...AUTHORIZED, ...headers }, payload });
  const start = JSON.stringify([{ type: 'session', date: '2026-05-19T12:00:00Z', data: anna }]);

  it('a post is answered 202 without a body, and with the version of the settings', async () => {
    const reply = await post(start);
    expect(reply).toMatchObject({
      statusCode: 202,
      text: '',
      headers: { 'x-exceptionless-configversion': '1' },
    });
    expect(api.journal.uncommitted).toBe(0);
    expect(api.site.counts.sessions).toBe(1);
  });

  it.each([
    ['one object', start.slice(1, -1), JSON_TYPE],
    ['gzip', gzipSync(start), { ...JSON_TYPE, 'content-encoding': 'gzip' }],
    ['deflate', deflateSync(start), { ...JSON_TYPE, 'content-encoding': 'deflate' }],
    ['a charset', start, { 'content-type': 'application/json; charset=utf-8' }],
  ])('%s is taken', async (_what, payload, headers) => {
    expect((await post(payload, headers as Record<string, string>)).statusCode).toBe(202);
    expect(api.site.counts.sessions).toBe(1);
  });

  it.each([
    ['no JSON', '{"type":', 'bad_post'],
    ['text', 'a line\nand another', 'bad_post'],
    ['brackets without end', '['.repeat(100_000), 'bad_post'],
    ['a number', '[1]', 'not_an_event'],
    ['an event of nobody', '[{"type":"log"}]', 'anonymous'],
  ])(
    '%s is answered 202 and counted: a client that is refused falls silent for hours',
    async (_what, body, reason) => {
      expect((await post(body, { 'content-type': 'text/plain' })).statusCode).toBe(202);
      expect(api.pipeline.counters.refused.get(reason)).toBe(1);
    },
  );

  it('what is no gzip is answered 202 and counted', async () => {
    expect((await post(start, { ...JSON_TYPE, 'content-encoding': 'gzip' })).statusCode).toBe(202);
    expect(api.pipeline.counters.refused.get('bad_post')).toBe(1);
  });

  it('a post of more than 4 MiB is answered 413, packed or not: a client then sends fewer at a time', async () => {
    const large = `["${'x'.repeat(5_000_000)}"]`;
    expect((await post(large)).statusCode).toBe(413);
    expect((await post(gzipSync(large), { ...JSON_TYPE, 'content-encoding': 'gzip' })).statusCode).toBe(413);
  });

  it('a post that cannot be kept is answered 503, and is taken when it comes again', async () => {
    Object.defineProperty(api.journal, 'full', { value: true, configurable: true });
    expect((await post(start)).statusCode).toBe(503);
    Reflect.deleteProperty(api.journal, 'full');
    expect((await post(start)).statusCode).toBe(202);
    expect(api.site.counts.sessions).toBe(1);
  });

  it('a heartbeat is answered 200, whoever it names, and needs ingest', async () => {
    const beat = (headers: Readonly<Record<string, string>>) =>
      api.send({ method: 'GET', url: '/api/v2/events/session/heartbeat?id=a+b@x&close=false', headers });
    expect(await beat(AUTHORIZED)).toMatchObject({ statusCode: 200, text: '' });
    expect((await beat({ authorization: 'Bearer a-token-that-reads' })).statusCode).toBe(403);
    expect((await beat({})).statusCode).toBe(401);
  });

  it('a heartbeat without a name is taken and counted', async () => {
    const reply = await api.send({
      method: 'GET',
      url: '/api/v2/events/session/heartbeat',
      headers: AUTHORIZED,
    });
    expect(reply.statusCode).toBe(200);
    expect(api.pipeline.counters.refused.get('anonymous')).toBe(1);
  });

  it('dates of a client whose clock is an hour ahead are corrected, and what it said is kept', async () => {
    const date = new Date(api.now + 3_600_000).toISOString();
    await post(JSON.stringify([{ type: 'session', date, data: anna }]));
    const headers = { authorization: 'Bearer a-token-that-reads' };
    const { body } = await api.send({ method: 'GET', url: '/api/v1/events', headers });
    expect(body.items).toMatchObject([{ at: new Date(api.now).toISOString(), originalAt: date }]);
  });

  it('settings are none, under a version of their own', async () => {
    const config = (query: string) =>
      api.send({ method: 'GET', url: `/api/v2/projects/config${query}`, headers: AUTHORIZED });
    expect((await config('?v=0')).body).toEqual({ version: 1, settings: {} });
    expect(await config('?v=1')).toMatchObject({ statusCode: 304, text: '' });
  });

  it('a browser may ask without a key whether it may send one', async () => {
    const reply = await api.send({
      method: 'OPTIONS',
      url: '/api/v2/events',
      headers: { origin: 'https://shop.example.com', 'access-control-request-method': 'POST' },
    });
    expect(reply.statusCode).toBe(204);
    expect(reply.headers).toMatchObject({
      'access-control-allow-origin': '*',
      'access-control-allow-headers': 'authorization, content-type, user-agent, x-exceptionless-client',
    });
  });

  it.each([
    ['a wrong key', { authorization: 'Bearer somebody-elses-key-it-is' }, '[]', 401],
    ['a key that only reads', { authorization: 'Bearer a-token-that-reads' }, '[]', 403],
    ['a body that is too large', AUTHORIZED, 'x'.repeat(5_000_000), 413],
    ['nothing wrong', AUTHORIZED, start, 202],
  ])('a page of another origin can read the answer to %s', async (_what, headers, payload, statusCode) => {
    const origin = 'https://shop.example.com';
    const reply = await api.send({ ...POST, headers: { ...headers, ...JSON_TYPE, origin }, payload });
    expect(reply).toMatchObject({ statusCode, headers: { 'access-control-allow-origin': '*' } });
    if (statusCode >= 400) expect(JSON.parse(reply.text)).toMatchObject({ statusCode });
  });

  it('no other route lets pages of other origins in', async () => {
    const reply = await api.send({
      method: 'OPTIONS',
      url: '/api/v1/events',
      headers: { origin: 'https://shop.example.com' },
    });
    expect(reply.statusCode).toBe(401);
    expect(reply.headers['access-control-allow-origin']).toBeUndefined();
  });
});

describe('without tokens', () => {
  beforeEach(async () => {
    api = await given();
  });
  afterEach(() => api.stop());

  it('any key is taken, from a page of another origin too, and none is shown', async () => {
    const headers = { ...AUTHORIZED, ...JSON_TYPE, origin: 'https://shop.example.com' };
    const payload = JSON.stringify([{ type: 'session', data: anna }]);
    expect((await api.send({ ...POST, headers, payload })).statusCode).toBe(202);
    const { body } = await api.get('/api/v1/sessions');
    expect(body.items).toMatchObject([{ host: 'exceptionless', user: { directory: 'LAB', id: 'anna' } }]);
    expect(JSON.stringify(body)).not.toContain(KEY);
  });

  it('pages of other origins are refused elsewhere as before', async () => {
    const headers = { ...JSON_TYPE, origin: 'https://shop.example.com' };
    const reply = await api.send({ method: 'POST', url: '/api/v1/events', headers, payload: '[]' });
    expect(reply.statusCode).toBe(403);
  });
});
