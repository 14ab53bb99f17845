import { fastify } from 'fastify';
import { afterEach, beforeEach, expect, it, test } from 'vitest';
import { createHttpReceiver, httpSchema } from '../../../receivers/http/http.ts';
import { openJournalFile } from '../../../src/journal/journal-file.ts';
import { ApiUnderTest } from '../../api/api-under-test.ts';

let api: ApiUnderTest;
beforeEach(async () => {
  api = await new ApiUnderTest().start();
});
afterEach(async () => {
  await expectIdentity();
  await api.stop();
});

const ann = { directory: 'LAB', id: 'ann' };
const start = { type: 'session_start', user: ann, host: 'qs1' };

/** Every item received is in exactly one place. */
async function expectIdentity(): Promise<void> {
  const { body } = await api.get('/api/v1/ingest');
  const refused = Object.values(body.refused as unknown as Record<string, number>);
  const parts = ['accepted', 'duplicates', 'heartbeats', 'excluded', 'inFlight'].map((each) =>
    Number(body[each]),
  );
  expect([...parts, ...refused].reduce((sum, n) => sum + n, 0)).toBe(body['received']);
}

test('an array of events is answered with 202 and what came of each', async () => {
  const { statusCode, body } = await api.post([
    { ...start, id: 'one' },
    { ...start, id: 'one' },
    { type: 'heartbeat' },
    { type: 'session_start', user: { directory: 'internal', id: 'sa_api' } },
    { type: 'session_begin', user: null },
    { type: 'connection_open', user: ann, host: 'qs1' },
  ]);
  expect(statusCode).toBe(202);
  expect(body).toEqual({
    accepted: 2,
    duplicates: 1,
    heartbeats: 1,
    excluded: 1,
    refused: [{ index: 4, reason: 'unknown type "session_begin"' }],
  });
});

test('what was answered with 202 is on the disk', async () => {
  await api.post([start, start]);
  expect(api.pipeline.counters.accepted).toBe(2);
  expect(api.journal.uncommitted).toBe(0);
});

test('one object is as good as an array of one', async () => {
  const { statusCode, body } = await api.post(start);
  expect(statusCode).toBe(202);
  expect(body).toMatchObject({ accepted: 1 });
});

test('an empty array is answered with 202 and zeros', async () => {
  const zeros = { accepted: 0, duplicates: 0, excluded: 0, heartbeats: 0, refused: [] };
  for (const reply of [await api.post([]), await api.post('\n\n', 'application/x-ndjson')]) {
    expect(reply.statusCode).toBe(202);
    expect(reply.body).toEqual(zeros);
  }
});

test.each(['application/x-ndjson', 'application/ndjson', 'application/jsonl; charset=utf-8'])(
  '%s has one event a line; a broken line is refused alone and a blank one ignored',
  async (type) => {
    const lines = [JSON.stringify(start), '', '{"type":', `${JSON.stringify(start)}\r`, '  ', 'null'];
    const { statusCode, body } = await api.post(lines.join('\n'), type);
    expect(statusCode).toBe(202);
    expect(body).toMatchObject({
      accepted: 2,
      refused: [
        { index: 1, reason: 'not JSON' },
        { index: 3, reason: 'expected an object' },
      ],
    });
  },
);

test('a byte order mark does no harm', async () => {
  expect((await api.post(`\ufeff${JSON.stringify([start])}`)).body).toMatchObject({ accepted: 1 });
  const lines = await api.post(`\ufeff${JSON.stringify(start)}\n`, 'application/x-ndjson');
  expect(lines.body).toMatchObject({ accepted: 1 });
});

test('when every item is refused the answer is 422, in the form of errors and with the reasons', async () => {
  const { statusCode, body } = await api.post([{ ...start, usr: 1 }, 7]);
  expect(statusCode).toBe(422);
  expect(body).toEqual({
    statusCode: 422,
    error: 'Unprocessable Entity',
    message: 'every item was refused',
    accepted: 0,
    duplicates: 0,
    excluded: 0,
    heartbeats: 0,
    refused: [
      { index: 0, reason: 'unknown key "usr"' },
      { index: 1, reason: 'expected an object' },
    ],
  });
});

test('refused items are counted under one reason whatever was wrong with them', async () => {
  await api.post([{ type: 'a' }, { type: 'b' }, 7]);
  expect((await api.get('/api/v1/ingest')).body.refused).toEqual({ bad_item: 3 });
});

test('where no host is named the address of the sender stands in, IPv4 never in its mapped form', async () => {
  const headers = { 'content-type': 'application/json' };
  const payload = JSON.stringify({ type: 'session_start', user: ann });
  const post = { method: 'POST', url: '/api/v1/events', headers, payload } as const;
  await api.send({ ...post, remoteAddress: '::ffff:10.0.0.7' });
  await api.send({ ...post, remoteAddress: 'fe80::1' });
  const { hosts } = (await api.get('/api/v1/counts')).body;
  expect(hosts).toMatchObject([{ host: '10.0.0.7' }, { host: 'fe80::1' }]);
});

test('more than 10,000 items are too many', async () => {
  const beat = { type: 'heartbeat' };
  expect((await api.post(new Array(10_000).fill(beat))).body).toMatchObject({ heartbeats: 10_000 });
  const { statusCode, body } = await api.post(new Array(10_001).fill(beat));
  expect(statusCode).toBe(413);
  expect(body).toEqual({
    statusCode: 413,
    error: 'Payload Too Large',
    message: 'more than 10000 items in one request',
  });
  expect((await api.post('7\n'.repeat(10_001), 'application/x-ndjson')).body).toEqual(body);
});

test.each([
  ['application/json', 1_048_576],
  ['application/x-ndjson', 4 * 1_048_576],
])('a body of %s over %i bytes is too large', async (type, most) => {
  const { statusCode, body } = await api.post(' '.repeat(most + 1), type);
  expect(statusCode).toBe(413);
  expect(body).toEqual({
    statusCode: 413,
    error: 'Payload Too Large',
    message: 'the body is too large: JSON may have 1 MiB; NDJSON, one event a line, 4 MiB',
  });
  expect((await api.post(' '.repeat(most), type)).statusCode).not.toBe(413);
});

test.each(['', '{', '[{"type":"heartbeat"}', 'undefined'])('the body %j is a 400', async (body) => {
  const reply = await api.post(body);
  expect(reply.statusCode).toBe(400);
  expect(reply.body).toMatchObject({ statusCode: 400, error: 'Bad Request' });
  expect(reply.body.message).toContain('not JSON');
});

test('other content types are a 415, so that no form on a page elsewhere can post', async () => {
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x']) {
    const { statusCode, body } = await api.post('[]', type);
    expect(statusCode).toBe(415);
    expect(body).toMatchObject({ statusCode: 415, error: 'Unsupported Media Type' });
  }
  expect((await api.send({ method: 'POST', url: '/api/v1/events' })).statusCode).toBe(415);
});

test('a full journal is a 503 that says when to come again, and nothing is taken', async () => {
  api.full = true;
  const { statusCode, headers, body } = await api.post([start]);
  expect(statusCode).toBe(503);
  expect(headers['retry-after']).toBe('1');
  expect(body).toMatchObject({ statusCode: 503, error: 'Service Unavailable' });
  expect(api.pipeline.counters.received).toBe(0);
});

test('a journal in trouble is a 503 at once', async () => {
  api.journalTrouble = 'disk full';
  expect((await api.post([start])).statusCode).toBe(503);
});

test('a commit that takes too long is a 503, and what was sent again with its id is a duplicate', async () => {
  const app = fastify();
  const receiver = createHttpReceiver(httpSchema.parse({ type: 'http' }), api.httpParts, 50);
  receiver.routes(app);
  await receiver.start(api.pipeline);
  const other = openJournalFile(api.directory, api.now);
  other.exec('BEGIN IMMEDIATE');
  const post = { method: 'POST', url: '/api/v1/events', payload: [{ ...start, id: 'one' }] } as const;
  const late = await app.inject(post);
  expect([late.statusCode, late.headers['retry-after']]).toEqual([503, '1']);
  other.exec('ROLLBACK');
  other.close();
  await api.settle();
  expect((await app.inject(post)).json()).toMatchObject({ accepted: 0, duplicates: 1 });
  expect((await api.get('/api/v1/counts')).body).toMatchObject({ active: { sessions: 1 } });
});

test('a refused item is logged with its sender and what is wrong with it', async () => {
  await api.post([start, { ...start, type: 'party' }]);
  const problem = 'unknown type "party"';
  expect(api.troubles).toEqual([['bad_item', `http: 127.0.0.1: ${problem}`]]);
});

test('the sender of an item is who opened the connection, whatever its headers say, without a zone', async () => {
  const headers = { 'x-forwarded-for': '203.0.113.9', forwarded: 'for=203.0.113.9' };
  const post = { method: 'POST', url: '/api/v1/events', payload: [7], headers } as const;
  for (const remoteAddress of ['fe80::1%eth0', '::ffff:192.0.2.7'])
    await api.send({ ...post, remoteAddress });
  expect(api.troubles.map(([, sample]) => sample)).toEqual([
    'http: fe80::1: expected an object',
    'http: 192.0.2.7: expected an object',
  ]);
});

test('the receiver counts its items and the requests it refused as a whole', async () => {
  await api.post([start, 7]);
  await api.post('{');
  api.full = true;
  await api.post([start]);
  const { receivers } = (await api.get('/api/v1/ingest')).body;
  const stats = { name: 'http', listening: [], received: 2, kernelDropped: null, refusedRequests: 2 };
  expect(receivers).toContainEqual(stats);
});

it('before its start and after its stop requests are a 503 that says when to come again, and nothing is taken', async () => {
  const app = fastify();
  const receiver = createHttpReceiver(httpSchema.parse({ type: 'http' }), api.httpParts);
  receiver.routes(app);
  const post = { method: 'POST', url: '/api/v1/events', payload: [start] } as const;
  const early = await app.inject(post);
  await receiver.start(api.pipeline);
  expect((await app.inject(post)).statusCode).toBe(202);
  await receiver.stop();
  const late = await app.inject(post);
  for (const { statusCode, headers } of [early, late]) {
    expect([statusCode, headers['retry-after']]).toEqual([503, '1']);
  }
  expect(api.pipeline.counters.received).toBe(1);
  expect(receiver.stats()).toMatchObject({ received: 1, refusedRequests: 2 });
});
