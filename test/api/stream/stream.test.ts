import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MOST_PARTS, MOST_STREAMS_OF_ADDRESS } from '../../../src/api/stream/streams.ts';
import { until } from '../../program/program.ts';
import { ApiUnderTest, SALES } from '../api-under-test.ts';
import { StreamClient } from './stream-client.ts';

let api: ApiUnderTest;
let url: string;
let client: StreamClient;
beforeEach(async () => {
  api = await new ApiUnderTest().start();
  url = `${await api.app.listen({ port: 0, host: '127.0.0.1' })}/api/v1/stream`;
  client = new StreamClient();
});
afterEach(async () => {
  client.disconnect();
  await api.stop();
});

const item = (id: string, type = 'session_start', more: object = {}) => ({
  type,
  user: { directory: 'LAB', id },
  host: 'qs1',
  ...more,
});
const post = async (...items: object[]) => expect((await api.post(items)).statusCode).toBe(202);
const gets = (count: number, who = client) =>
  until(
    async () => who.seqs,
    (seqs) => seqs.length >= count,
  );
const partsOf = (query: string) => query.replace(/^events=1&|&user=anna$/g, '');
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => from + n);

describe('a stream', () => {
  it('begins with the counts, and tells when they change, never twice the same', async () => {
    const { statusCode, headers } = await client.connect(url);
    expect(statusCode).toBe(200);
    expect(headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'content-security-policy': expect.any(String),
    });
    await post(item('anna'));
    const sessions = ({ data }: { data: unknown }) =>
      (data as { active: { sessions: number } }).active.sessions;
    await until(
      async () => client.of('counts').map(sessions),
      (seen) => seen.at(-1) === 1,
    );
    expect(client.of('counts').map(sessions)).toEqual([0, 1]);
    expect(client.of('counts').at(-1)?.data).toEqual({
      ...(await api.get('/api/v1/counts')).body,
      asOf: expect.any(String),
    });
    expect(client.of('event')).toEqual([]);
  });

  it.each([
    ['host=qs2', 1],
    ['virtualProxy=sales', 2],
    [`app=${SALES}&virtualProxy=sales`, 1],
    ['events=1&host=qs2&user=anna', 1],
  ])('tells with %s the counts of that part of the site', async (query, expected) => {
    await client.connect(`${url}?${query}`);
    const sessions = ({ data }: { data: unknown }) =>
      (data as { active: { sessions: number } }).active.sessions;
    const told = () => client.of('counts').map(sessions);
    await until(
      async () => told(),
      (seen) => seen.length > 0,
    );
    await post(
      item('anna', 'session_start', { virtualProxy: 'sales' }),
      item('bert', 'connection_open', { virtualProxy: 'sales', appId: SALES }),
      item('carl', 'session_start', { host: 'qs2' }),
    );
    api.pass(2);
    await until(
      async () => told(),
      (seen) => seen.at(-1) === expected,
    );
    expect(told()).toEqual([0, expected]);
    api.pass(2);
    const { asOf: _, ...rest } = (await api.get(`/api/v1/counts?${partsOf(query)}`)).body;
    expect(client.of('counts').at(-1)?.data).toMatchObject({ active: rest['active'], hosts: rest['hosts'] });
  });

  it('is refused where it would be one part too many, until another one is not told of any more', async () => {
    const clients: StreamClient[] = [];
    const next = async (host: string): Promise<number | undefined> => {
      clients.push(new StreamClient());
      return (await clients.at(-1)?.connect(`${url}?host=${host}`))?.statusCode;
    };
    // One of everything costs the reader nothing.
    await client.connect(url);
    const first = await Promise.all(range(1, MOST_PARTS).map((n) => next(`qs${n}`)));
    expect(new Set(first)).toEqual(new Set([200]));
    expect(await next('one-more')).toBe(503);
    expect(await next('qs1')).toBe(200);
    const whole = new StreamClient();
    expect((await whole.connect(url)).statusCode).toBe(200);
    whole.disconnect();
    clients[1]?.disconnect();
    expect(
      await until(
        () => next('one-more'),
        (status) => status === 200,
      ),
    ).toBe(200);
    for (const each of clients) each.disconnect();
  });

  it('tells events as the list of events shows them, in order and each with its id', async () => {
    await post(item('before'));
    await client.connect(`${url}?events=1`);
    await post(item('anna'), item('anna', 'connection_open', { appId: SALES }), item('bert'));
    await post(item('anna', 'session_stop'));
    await gets(4);
    const { body } = await api.get('/api/v1/events?limit=4');
    expect(client.of('event').map(({ data }) => data)).toEqual([...body.items].reverse());
    const store = String(body.items[0]?.['sessionId']).split('-')[0];
    expect(client.of('event').map(({ id }) => id)).toEqual([2, 3, 4, 5].map((seq) => `${store}-${seq}`));
  });

  it.each([
    ['user=lab%5Canna', [1, 3]],
    ['kind=connection_open', [3, 4]],
    [`app=${SALES}`, [3]],
    ['host=qs2', [4]],
    ['host=qs3', []],
    ['from=2026-05-19T12:00:05Z', [4]],
  ])('with %s tells only those', async (query, expected) => {
    await client.connect(`${url}?events=1&${query}`);
    const other = new StreamClient();
    await other.connect(`${url}?events=1`);
    await post(
      item('anna'),
      item('bert'),
      item('anna', 'connection_open', { appId: SALES }),
      item('bert', 'connection_open', { host: 'qs2', at: '2026-05-19T12:00:07Z' }),
    );
    await gets(4, other);
    await gets(expected.length);
    await post(item('carl', 'session_start', { host: 'other' }));
    await gets(5, other);
    other.disconnect();
    expect(client.seqs.filter((seq) => seq <= 4)).toEqual(expected);
  });

  it('goes on after the id that a client says it has, by header or by query', async () => {
    await client.connect(`${url}?events=1`);
    await post(item('a'), item('b'));
    await gets(2);
    client.disconnect();
    await post(item('c'), item('d'));
    await client.connect(`${url}?events=1`);
    await gets(4);
    expect(client.seqs).toEqual([1, 2, 3, 4]);
    const [, second] = client.of('event');
    const another = new StreamClient();
    await another.connect(`${url}?events=1&after=${second?.id}`);
    await gets(2, another);
    another.disconnect();
    expect(another.seqs).toEqual([3, 4]);
  });

  it('goes on where it was also before the first event came', async () => {
    await client.connect(`${url}?events=1`);
    await until(
      async () => client.messages.length,
      (count) => count > 0,
    );
    client.disconnect();
    await post(item('a'));
    await client.connect(`${url}?events=1`);
    await gets(1);
    expect(client.seqs).toEqual([1]);
  });

  it.each(['0123456789ab-1', 'x', '', '-', 'x-1-1'])('says that it cannot go on after %j', async (id) => {
    await post(item('a'));
    await client.connect(`${url}?events=1`, { 'last-event-id': id });
    await post(item('b'));
    await gets(1);
    expect(client.of('missed')).toEqual([{ event: 'missed', id: null, data: { after: id, oldest: null } }]);
    expect(client.seqs).toEqual([2]);
  });

  it('says so where what came next has been deleted', async () => {
    await post(...range(1, 10).map((n) => item(`u${n}`)));
    await api.settle();
    const database = api.openDatabase();
    database.exec('DELETE FROM events WHERE seq <= 5');
    database.close();
    const { body } = await api.get('/api/v1/events?limit=1');
    const store = String(body.items[0]?.['sessionId']).split('-')[0];
    await client.connect(`${url}?events=1&after=${store}-2`);
    await gets(5);
    expect(client.of('missed')).toEqual([
      { event: 'missed', id: null, data: { after: `${store}-2`, oldest: `${store}-6` } },
    ]);
    expect(client.seqs).toEqual([6, 7, 8, 9, 10]);
  });

  it('catches up with a long past, in order and without a gap, while more comes in', async () => {
    for (let n = 0; n < 10; n += 1) await post(...range(1, 500).map((u) => item(`u${n}.${u}`)));
    const { body } = await api.get('/api/v1/events?limit=1');
    const store = String(body.items[0]?.['sessionId']).split('-')[0];
    await client.connect(`${url}?events=1&after=${store}-0`);
    for (let n = 10; n < 12; n += 1) await post(...range(1, 500).map((u) => item(`u${n}.${u}`)));
    await gets(6_000);
    expect(client.seqs).toEqual(range(1, 6_000));
  });

  it('that wants few events a second gets the latest, and is told how many it was not sent', async () => {
    for (let n = 0; n < 3; n += 1) await post(...range(1, 500).map((u) => item(`u${n}.${u}`)));
    const { body } = await api.get('/api/v1/events?limit=1');
    const store = String(body.items[0]?.['sessionId']).split('-')[0];
    await client.connect(`${url}?events=1&most=20&after=${store}-0`);
    await gets(20);
    expect(client.seqs).toEqual(range(1_481, 1_500));
    expect(client.of('passed_over').map(({ data }) => data)).toEqual([{ events: 1_480 }]);
    await post(item('last'));
    await gets(21);
    expect(client.seqs.at(-1)).toBe(1_501);
  });

  it('of a client that does not read holds up no other one, and is all there when it reads again', async () => {
    await client.connect(`${url}?events=1`);
    const slow = connect(Number(new URL(url).port), '127.0.0.1');
    slow.write('GET /api/v1/stream?events=1 HTTP/1.1\r\nHost: x\r\n\r\n');
    slow.pause();
    // More than sockets hold, so that it is left behind.
    const context = 'x'.repeat(1_000);
    const count = 9_000;
    for (let n = 0; n < count; n += 300) {
      await post(...range(1, 300).map((u) => item(`u${n + u}`, 'session_start', { context })));
    }
    await gets(count);
    const seqs: number[] = [];
    let rest = '';
    slow
      .resume()
      .setEncoding('utf8')
      .on('data', (part: string) => {
        const blocks = (rest + part).split('\n\n');
        rest = blocks.pop() ?? '';
        for (const block of blocks) {
          const [, seq] = /"seq":(\d+),/.exec(block) ?? [];
          if (seq !== undefined) seqs.push(Number(seq));
        }
      });
    await until(
      async () => seqs.length,
      (length) => length === count,
    );
    slow.destroy();
    expect(seqs).toEqual(range(1, count));
  });

  it.each([
    ['events=2', 'events: expected one of 0, 1'],
    ['kind=session_start', 'kind: only with events=1'],
    ['events=0&user=anna', 'user: only with events=1'],
    ['most=5', 'most: only with events=1'],
    ['events=1&most=0', /^most: /],
    ['events=1&limit=5', 'unknown query parameter "limit"'],
    ['events=1&from=now', /^from: /],
    ['events=1&kind=x', /^kind: expected one of/],
  ])('with %s is refused', async (query, message) => {
    const { statusCode, body } = await api.get(`/api/v1/stream?${query}`);
    expect(statusCode).toBe(400);
    expect(body.message).toEqual(typeof message === 'string' ? message : expect.stringMatching(message));
  });

  it('whose next event cannot be read holds up no other one', async () => {
    await post(...range(1, 6).map((n) => item(`u${n}`, n % 2 === 0 ? 'connection_open' : 'session_start')));
    await api.settle();
    const database = api.openDatabase();
    // No time that there is.
    database.exec('UPDATE events SET at = 9e15 WHERE seq = 3');
    database.close();
    const { body } = await api.get('/api/v1/events?limit=1');
    const store = String(body.items[0]?.['sessionId']).split('-')[0];
    await client.connect(`${url}?events=1&after=${store}-2`);
    const other = new StreamClient();
    await other.connect(`${url}?events=1&kind=connection_open&after=${store}-0`);
    await gets(3, other);
    other.disconnect();
    expect(other.seqs).toEqual([2, 4, 6]);
    expect(client.seqs).toEqual([]);
  });

  it('that waits behind another one on its connection leaves nothing behind', async () => {
    const port = Number(new URL(url).port);
    for (let n = 0; n < 20; n += 1) {
      const socket = connect(port, '127.0.0.1');
      socket.write('GET /api/v1/stream HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(60));
      await once(socket, 'data');
      socket.destroy();
    }
    const status = () => new StreamClient().connect(url).then((response) => response.destroy().statusCode);
    expect(await until(status, (found) => found === 200)).toBe(200);
  });

  it('is refused to an address that has many, until one of them ends', async () => {
    const clients: StreamClient[] = [];
    const next = async (): Promise<number | undefined> => {
      clients.push(new StreamClient());
      return (await clients.at(-1)?.connect(url))?.statusCode;
    };
    const first = await Promise.all(Array.from({ length: MOST_STREAMS_OF_ADDRESS }, next));
    expect(new Set(first)).toEqual(new Set([200]));
    expect(await next()).toBe(429);
    clients[0]?.disconnect();
    expect(await until(next, (status) => status === 200)).toBe(200);
    for (const each of clients) each.disconnect();
  });

  it('ends when its token is taken away, by itself', async () => {
    const reader = { name: 'reader', token: 'r'.repeat(20), scopes: ['read'] as const };
    const other = { name: 'other', token: 'o'.repeat(20), scopes: ['read', 'ingest'] as const };
    const headers = ({ token }: { token: string }) => ({ authorization: `Bearer ${token}` });
    api.tokens = [reader, other];
    const staying = new StreamClient();
    await staying.connect(`${url}?events=1`, headers(other));
    const ended = once(await client.connect(url, headers(reader)), 'end');
    api.tokens = [other];
    await ended;
    const payload = item('anna');
    await api.send({ method: 'POST', url: '/api/v1/events', headers: headers(other), payload });
    await gets(1, staying);
    staying.disconnect();
  });

  it('ends when its token is no longer one for reading', async () => {
    const both = { name: 'both', token: 'b'.repeat(20), scopes: ['read', 'ingest'] as const };
    const reader = { name: 'reader', token: 'r'.repeat(20), scopes: ['read'] as const };
    api.tokens = [both, reader];
    const headers = { authorization: `Bearer ${both.token}` };
    const ended = once(await client.connect(url, headers), 'end');
    api.tokens = [{ ...both, scopes: ['ingest'] }, reader];
    await ended;
    const staying = new StreamClient();
    const response = await staying.connect(url, { authorization: `Bearer ${reader.token}` });
    expect(response.statusCode).toBe(200);
    staying.disconnect();
  });

  it('goes on after the very latest event, which is not missed', async () => {
    await client.connect(`${url}?events=1`);
    await post(item('a'), item('b'));
    await gets(2);
    client.disconnect();
    const [, latest] = client.of('event');
    const other = new StreamClient();
    await other.connect(`${url}?events=1&after=${latest?.id}`);
    await post(item('c'));
    await gets(1, other);
    other.disconnect();
    expect([other.of('missed'), other.seqs]).toEqual([[], [3]]);
  });

  it('does not go on after an event that has yet to come', async () => {
    await client.connect(`${url}?events=1`);
    await post(item('a'));
    await gets(1);
    const store = client.of('event')[0]?.id?.split('-')[0];
    const other = new StreamClient();
    await other.connect(`${url}?events=1&after=${store}-2`);
    await post(item('b'));
    await gets(1, other);
    other.disconnect();
    expect(other.of('missed')).toHaveLength(1);
    expect(other.seqs).toEqual([2]);
  });

  it('ends when Headcount does', async () => {
    const response = await client.connect(url);
    const ended = new Promise((end) => response.once('end', end));
    await api.app.close();
    await ended;
  });
});
