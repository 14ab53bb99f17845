import { afterEach, beforeEach, expect, it } from 'vitest';
import { ApiUnderTest, SALES } from './api-under-test.ts';

let api: ApiUnderTest;
beforeEach(async () => {
  api = await new ApiUnderTest().start();
});
afterEach(() => api.stop());

const OTHER_APP = '00000000-0000-4000-8000-000000000002';

it('an empty site answers counts with zeros and says that it is warming up', async () => {
  const { statusCode, body } = await api.get('/api/v1/counts');
  expect(statusCode).toBe(200);
  const zeros = { last5s: 0, last1m: 0, last1h: 0, total: 0 };
  expect(body).toEqual({
    asOf: '2026-05-19T12:00:00.000Z',
    since: '2026-05-19T12:00:00.000Z',
    quality: 'estimated',
    reasons: ['warming_up'],
    reconciledAt: null,
    active: {
      sessions: 0,
      users: 0,
      connections: 0,
      connectedUsers: 0,
      byClass: {
        person: { sessions: 0, users: 0 },
        anonymous: { sessions: 0, users: 0 },
        service: { sessions: 0, users: 0 },
      },
      bounds: { sessions: { low: 0, high: null }, users: { low: 0, high: null } },
    },
    peakToday: { sessions: 0, users: 0, at: '2026-05-19T12:00:00.000Z' },
    created: zeros,
    destroyed: zeros,
    rejected: zeros,
    averageDurationSeconds: null,
    hosts: [],
    hostsTotal: 0,
    silentHosts: [],
    silentHostsTotal: 0,
    virtualProxies: [],
    virtualProxiesTotal: 0,
    apps: [],
    appsTotal: 0,
  });
});

it('counts tell sessions, users and connections over all, by host, virtual proxy and app', async () => {
  const ann = { directory: 'LAB', id: 'ann' };
  const bob = { directory: 'LAB', id: 'bob' };
  await api.post([
    { type: 'session_start', user: ann, host: 'QS2.example.com', virtualProxy: 'sales' },
    { type: 'session_start', user: ann, host: 'qs1' },
    { type: 'session_start', user: bob, host: 'qs1' },
    { type: 'session_start', user: { directory: 'INTERNAL', id: 'sa_proxy' }, host: 'qs1' },
    { type: 'connection_open', user: ann, host: 'qs2', appId: OTHER_APP },
    { type: 'connection_open', user: bob, host: 'qs1', appId: SALES.toUpperCase() },
    { type: 'connection_open', user: bob, host: 'qs1', context: `/app/${SALES}?reloadUri=x` },
    { type: 'session_rejected', user: bob, host: 'qs1', reason: 'parallel_limit' },
  ]);
  api.pass(10);
  await api.post([{ type: 'session_stop', user: ann, host: 'qs1' }]);
  const { body } = await api.get('/api/v1/counts');
  const ofHost = {
    quality: 'estimated',
    reasons: ['warming_up', 'unnumbered'],
    bounds: { sessions: { low: 1, high: null }, users: { low: 1, high: null } },
    doubtful: { sessions: 0, users: 0 },
    reconciledAt: null,
    clockOffsetSeconds: null,
    silentSince: null,
  };
  expect(body).toEqual({
    asOf: '2026-05-19T12:00:10.000Z',
    since: '2026-05-19T12:00:00.000Z',
    quality: 'estimated',
    reasons: ['warming_up', 'unnumbered'],
    reconciledAt: null,
    active: {
      sessions: 2,
      users: 2,
      connections: 3,
      connectedUsers: 2,
      byClass: {
        person: { sessions: 2, users: 2 },
        anonymous: { sessions: 0, users: 0 },
        service: { sessions: 0, users: 0 },
      },
      bounds: { sessions: { low: 2, high: null }, users: { low: 2, high: null } },
    },
    peakToday: { sessions: 3, users: 2, at: '2026-05-19T12:00:01.000Z' },
    created: { last5s: 0, last1m: 3, last1h: 3, total: 3 },
    destroyed: { last5s: 1, last1m: 1, last1h: 1, total: 1 },
    rejected: { last5s: 0, last1m: 1, last1h: 1, total: 1 },
    averageDurationSeconds: 10,
    hosts: [
      {
        host: 'qs1',
        sessions: 1,
        users: 1,
        connections: 2,
        ...ofHost,
        lastEventAt: '2026-05-19T12:00:10.000Z',
      },
      {
        host: 'qs2',
        sessions: 1,
        users: 1,
        connections: 1,
        ...ofHost,
        lastEventAt: '2026-05-19T12:00:00.000Z',
      },
    ],
    hostsTotal: 2,
    silentHosts: [],
    silentHostsTotal: 0,
    virtualProxies: [{ virtualProxy: 'sales', sessions: 1, users: 1, connections: 1 }],
    virtualProxiesTotal: 1,
    apps: [
      {
        ...{ appId: SALES, appName: 'Sales', connections: 2, users: 1 },
        opened: { lastSecond: 0, total: 2 },
      },
      {
        ...{ appId: OTHER_APP, appName: null, connections: 1, users: 1 },
        opened: { lastSecond: 0, total: 1 },
      },
    ],
    appsTotal: 2,
  });
});

it('counts are exact once nobody who was on before the store began can be on any more', async () => {
  api.pass(24 * 3_600 + 5 * 60);
  expect((await api.get('/api/v1/counts')).body).toMatchObject({ reasons: ['warming_up'] });
  api.pass(1);
  const { body } = await api.get('/api/v1/counts');
  expect(body).toMatchObject({ quality: 'exact', reasons: [] });
});
