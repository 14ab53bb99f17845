import { afterEach, beforeEach, expect, it } from 'vitest';
import { ApiUnderTest, NOON } from './api-under-test.ts';

let api: ApiUnderTest;
beforeEach(async () => {
  api = await new ApiUnderTest().start();
});
afterEach(() => api.stop());

const ann = { directory: 'LAB', id: 'ann' };

it('healthz says that it is alive', async () => {
  api.notReady = 'starting';
  const { statusCode, body } = await api.get('/healthz');
  expect([statusCode, body]).toEqual([200, { status: 'ok' }]);
});

it('readyz is 200 when ready, whatever trouble the journal has', async () => {
  api.journalTrouble = 'disk full';
  const { statusCode, body } = await api.get('/readyz');
  expect(statusCode).toBe(200);
  expect(body).toEqual({
    status: 'ok',
    detail: { reason: null, journalTrouble: 'disk full', sinks: [], version: '1.2.3' },
  });
});

it('readyz is 503 with the reason when not ready', async () => {
  api.notReady = 'stopping';
  const { statusCode, body } = await api.get('/readyz');
  expect(statusCode).toBe(503);
  expect(body).toEqual({
    status: 'unavailable',
    detail: { reason: 'stopping', journalTrouble: null, sinks: [], version: '1.2.3' },
    statusCode: 503,
    error: 'Service Unavailable',
    message: 'stopping',
  });
});

it('ingest says of which host lines had to be guessed, and what to do', async () => {
  const line = Buffer.from('/qseow-proxy-session/;node1;Start session;LAB;J\xfcrgen;;;', 'latin1');
  api.pipeline.receive(line, { address: '192.0.2.1', port: 1 }, api.now);
  api.pipeline.work();
  const { body } = await api.get('/api/v1/ingest');
  expect(body).toMatchObject({
    faults: { not_utf8: 1 },
    faultyHosts: [
      {
        host: 'node1',
        fault: 'not_utf8',
        lines: 1,
        lastAt: '2026-05-19T12:00:00.000Z',
        remedy: expect.stringContaining('<encoding value="utf-8" />'),
      },
    ],
  });
});

it('readyz says why only to whoever may read: errors repeat addresses, paths and names', async () => {
  const secret = 'http://db.internal refuses the row of LAB\\ann';
  api.tokens = [{ name: 'me', token: 'a-token-that-is-long-enough-to-be-one', scopes: ['read'] }];
  api.notReady = `the journal has failed: ${secret}`;
  api.journalTrouble = secret;
  const numbers = { delivered: 1, pending: 2, deadLettered: 0, dropped: {}, lagSeconds: 3, tables: [] };
  const databaseTables = [{ name: 'sessions', suspended: true, walPendingRows: 1 }];
  api.sinks = [{ name: 'db', type: 'questdb', up: false, lastError: secret, databaseTables, ...numbers }];
  const stranger = await api.get('/readyz');
  expect(stranger.statusCode).toBe(503);
  expect(JSON.stringify(stranger.body)).not.toMatch(/internal|ann|sessions/);
  expect(stranger.body).toMatchObject({
    message: 'failed',
    detail: { reason: 'failed', sinks: [{ name: 'db', up: false, lagSeconds: 3 }] },
  });
  const headers = { authorization: 'Bearer a-token-that-is-long-enough-to-be-one' };
  const { body } = await api.send({ method: 'GET', url: '/readyz', headers });
  expect(body).toMatchObject({
    detail: { journalTrouble: secret, sinks: [{ lastError: secret, databaseTables }] },
  });
});

it('ingest accounts for everything received', async () => {
  await api.post([
    { type: 'session_start', user: ann, host: 'qs1', id: 'a' },
    { type: 'session_start', user: ann, host: 'qs1', id: 'a' },
    { type: 'session_stop', user: { directory: 'LAB', id: 'bob' }, host: 'qs1' },
    { type: 'connection_close', user: ann, host: 'qs1', at: '2026-05-19T11:00:00Z' },
    { type: 'session_start', user: { directory: 'INTERNAL', id: 'sa' } },
    { type: 'heartbeat' },
    { type: 'nonsense' },
  ]);
  const sender = { address: '127.0.0.1', port: 4711 };
  api.pipeline.receive(Buffer.from('nonsense'), sender, NOON);
  await api.settle();
  const { body } = await api.get('/api/v1/ingest');
  expect(body).toEqual({
    since: '2026-05-19T12:00:00.000Z',
    received: 8,
    accepted: 3,
    duplicates: 1,
    heartbeats: 1,
    excluded: 1,
    refused: { bad_item: 1, unknown_format: 1 },
    refusalWords: { bad_item: 'an item that is no event', unknown_format: 'no line of Sense' },
    inFlight: 0,
    orphanStops: 1,
    orphanCloses: 1,
    keyMismatches: 0,
    applications: { unknownHeartbeats: 0, unknownEnds: 0 },
    rowsMissing: 0,
    faults: {},
    faultyHosts: [],
    faultyHostsTotal: 0,
    receivers: [
      { name: 'udp', listening: ['127.0.0.1:9997'], received: 0, kernelDropped: 0 },
      { name: 'http', listening: [], received: 7, kernelDropped: null, refusedRequests: 0 },
    ],
    hosts: [
      {
        host: 'qs1',
        lastEventAt: '2026-05-19T12:00:00.000Z',
        silentSince: null,
        clockOffsetSeconds: null,
        keysIgnored: false,
        bothLayouts: false,
        rowsMissing: null,
      },
    ],
    hostsTotal: 1,
    storms: [],
    sinks: [],
    blacklist: [{ directory: 'INTERNAL', userId: null, seen: true }],
    appNames: null,
  });
});

it('the HTTP receiver says where it listens, and answers there', async () => {
  await api.app.listen({ host: '127.0.0.1', port: 0 });
  const { receivers } = (await api.get('/api/v1/ingest')).body;
  const [, http] = receivers as unknown as { listening: string[] }[];
  expect(http?.listening).toEqual([expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/api\/v1\/events$/)]);
  const headers = { 'content-type': 'application/x-ndjson' };
  const body = `${JSON.stringify({ type: 'session_start', user: ann })}\n`;
  const reply = await fetch(http?.listening[0] ?? '', { method: 'POST', headers, body });
  expect(reply.status).toBe(202);
  expect(await reply.json()).toMatchObject({ accepted: 1 });
});

it('ingest says which host sends both layouts, for ten minutes', async () => {
  const own = '/headcount/2;1;(null);qs1;Start session;0;(null);1;1;(null);(null);LAB;ann;(null);x';
  const butlerSos = '/qseow-proxy-session/;qs1;Start session;LAB;ann;(null);(null);x';
  for (const line of [butlerSos, own, butlerSos]) {
    api.pipeline.receive(Buffer.from(line), { address: '127.0.0.1', port: 4711 }, api.now);
  }
  await api.settle();
  const hosts = [{ host: 'qs1', bothLayouts: true }];
  expect((await api.get('/api/v1/ingest')).body).toMatchObject({ hosts });
  api.now += 600_001;
  expect((await api.get('/api/v1/ingest')).body).toMatchObject({
    hosts: [{ host: 'qs1', bothLayouts: false }],
  });
});
