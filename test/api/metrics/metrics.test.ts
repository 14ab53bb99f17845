import { afterEach, beforeEach, expect, it } from 'vitest';
import type { SinkStats } from '../../../src/contract/sink.ts';
import { ApiUnderTest, NOON, SALES } from '../api-under-test.ts';
import { Exposition } from './exposition.ts';

let api: ApiUnderTest;
beforeEach(async () => {
  api = await new ApiUnderTest().start();
});
afterEach(() => api.stop());

const ann = { directory: 'LAB', id: 'ann' };
const sender = { address: '192.0.2.7', port: 4711 };

async function scrape(): Promise<Exposition> {
  const { statusCode, headers, text } = await api.get('/metrics');
  expect(statusCode).toBe(200);
  expect(headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
  return new Exposition(text);
}

function receive(line: string | Buffer): void {
  api.pipeline.receive(Buffer.from(line), sender, api.now);
}

it('metrics account for everything received', async () => {
  await api.post([
    { type: 'session_start', user: ann, host: 'qs1', id: 'a' },
    { type: 'session_start', user: ann, host: 'qs1', id: 'a' },
    { type: 'session_start', user: { directory: 'INTERNAL', id: 'sa' } },
    { type: 'heartbeat' },
    { type: 'nonsense' },
  ]);
  receive('nonsense');
  receive('node1;Start session;LAB;a\nnode1;Start session;LAB;b\nnode1;Start session;LAB;c');
  receive(Buffer.from('\xfc', 'latin1'));
  await api.settle();
  const metrics = await scrape();
  expect(metrics.value('headcount_further_lines_total')).toBe(2);
  expect(metrics.by('headcount_faults_total')).toEqual({
    not_utf8: 1,
    host_converter: 0,
    time_converter: 0,
    rownum_converter: 0,
  });
  expect(metrics.by('headcount_received_total')).toEqual({ udp: 0, http: 5 });
  expect(metrics.value('headcount_accepted_total')).toBe(4);
  expect(metrics.value('headcount_duplicates_total')).toBe(1);
  expect(metrics.value('headcount_heartbeats_total')).toBe(1);
  expect(metrics.value('headcount_excluded_total')).toBe(1);
  expect(metrics.by('headcount_refused_total')).toMatchObject({ bad_item: 1, unknown_format: 2, empty: 0 });
  expect(metrics.value('headcount_in_flight')).toBe(0);
  expect(metrics.by('headcount_kernel_dropped_total')).toEqual({ udp: 0 });
});

it('metrics say what is open, over all and by host', async () => {
  await api.post([
    { type: 'session_start', user: ann, host: 'qs1' },
    { type: 'session_start', user: ann, host: 'qs2', at: '2026-05-19T11:00:00.250Z' },
    { type: 'connection_open', user: ann, host: 'qs1', appId: SALES },
    { type: 'session_start', user: { directory: 'LAB', id: 'bob' }, host: 'qs1' },
  ]);
  const metrics = await scrape();
  expect(metrics.value('headcount_sessions')).toBe(3);
  expect(metrics.value('headcount_users')).toBe(2);
  expect(metrics.value('headcount_connections')).toBe(1);
  expect(metrics.value('headcount_connected_users')).toBe(1);
  expect(metrics.value('headcount_hosts')).toBe(2);
  expect(metrics.by('headcount_host_sessions')).toEqual({ qs1: 2, qs2: 1 });
  expect(metrics.by('headcount_host_last_event_timestamp_seconds')).toEqual({
    qs1: NOON / 1000,
    qs2: NOON / 1000 - 3599.75,
  });
});

it('a counter does not fall where a late line takes an end back', async () => {
  await api.post([{ type: 'session_start', user: ann, host: 'qs1' }]);
  api.pass(2_200);
  const before = await scrape();
  expect(before.value('headcount_sessions')).toBe(0);
  expect(before.value('headcount_sessions_created_total')).toBe(1);
  expect(before.value('headcount_sessions_destroyed_total')).toBe(1);
  await api.post([{ type: 'connection_open', user: ann, host: 'qs1', appId: SALES }]);
  expect(api.site.series.totals.destroyed).toBe(0);
  const after = await scrape();
  expect(after.value('headcount_sessions')).toBe(1);
  expect(after.value('headcount_sessions_created_total')).toBe(1);
  expect(after.value('headcount_sessions_destroyed_total')).toBe(1);
  await api.post([{ type: 'session_stop', user: ann, host: 'qs1' }]);
  expect((await scrape()).value('headcount_sessions_destroyed_total')).toBe(2);
});

it('metrics count what did not fit', async () => {
  const one = { user: ann, host: 'qs1' };
  await api.post([
    { type: 'session_stop', ...one },
    { type: 'connection_close', ...one },
    { type: 'session_rejected', ...one },
    { type: 'session_start', user: { directory: 'LAB', id: 'bob' }, host: 'qs1', sessionId: 'a' },
    { type: 'session_stop', user: { directory: 'LAB', id: 'bob' }, host: 'qs1', sessionId: 'b' },
  ]);
  const metrics = await scrape();
  expect(metrics.value('headcount_orphan_stops_total')).toBe(1);
  expect(metrics.value('headcount_orphan_closes_total')).toBe(1);
  expect(metrics.value('headcount_sessions_rejected_total')).toBe(1);
  expect(metrics.value('headcount_key_mismatches_total')).toBe(1);
});

it('metrics say whether the counts are estimates, and why', async () => {
  const first = await scrape();
  expect(first.value('headcount_counts_estimated')).toBe(1);
  const none = {
    downtime: 0,
    drops: 0,
    gap: 0,
    restart: 0,
    clock: 0,
    lagging: 0,
    site_silent: 0,
    excluded: 0,
    unnumbered: 0,
  };
  const reasons = { warming_up: 1, ...none };
  expect(first.by('headcount_counts_estimated_reason')).toEqual(reasons);
  api.pass(24 * 3_600 + 5 * 60 + 1);
  const later = await scrape();
  expect(later.value('headcount_counts_estimated')).toBe(0);
  expect(later.by('headcount_counts_estimated_reason')).toEqual({ ...reasons, warming_up: 0 });
});

it('metrics have the quality as a state: one is 1, the others are 0', async () => {
  const none = { exact: 0, reconciled: 0, unverified: 0, estimated: 0 };
  expect((await scrape()).by('headcount_counts_quality')).toEqual({ ...none, estimated: 1 });
  api.pass(24 * 3_600 + 5 * 60 + 1);
  expect((await scrape()).by('headcount_counts_quality')).toEqual({ ...none, exact: 1 });
  await api.post([{ type: 'session_start', user: ann, host: 'qs1' }]);
  expect((await scrape()).by('headcount_counts_quality')).toEqual({ ...none, unverified: 1 });
});

it('metrics say what the truth lies between, and are silent of an upper end that nobody can know', async () => {
  const bounds = (metrics: Exposition) =>
    Object.fromEntries(
      ['sessions_low', 'sessions_high', 'users_low', 'users_high'].map((name) => [
        name,
        metrics.value(`headcount_${name}`),
      ]),
    );
  const nobody = { sessions_low: 0, users_low: 0 };
  // Somebody may have been on before the store began.
  expect(bounds(await scrape())).toEqual({ ...nobody, sessions_high: undefined, users_high: undefined });
  api.pass(24 * 3_600 + 5 * 60 + 1);
  expect(bounds(await scrape())).toEqual({ ...nobody, sessions_high: 0, users_high: 0 });
  for (const [place, user] of ['ann', 'ann', 'bob'].entries()) {
    receive(
      `/headcount/2;${place + 1};(null);qs1;Start session;0;(null);p${place};1;(null);(null);LAB;${user};(null);x`,
    );
  }
  await api.settle();
  api.site.losses.touch(api.site.identities.host('qs1'), 'gap', api.now, 1);
  const known = await scrape();
  expect(bounds(known)).toEqual({ sessions_low: 2, sessions_high: 4, users_low: 1, users_high: 3 });
  expect(known.by('headcount_host_sessions_low')).toEqual({ qs1: 2 });
  expect(known.by('headcount_host_sessions_high')).toEqual({ qs1: 4 });
  await api.post([{ type: 'session_start', user: ann, host: 'qs2' }]);
  const unknown = await scrape();
  expect(bounds(unknown)).toEqual({
    ...{ sessions_low: 3, sessions_high: undefined },
    ...{ users_low: 1, users_high: undefined },
  });
  expect(unknown.by('headcount_host_sessions_low')).toEqual({ qs1: 2, qs2: 1 });
  expect(unknown.by('headcount_host_sessions_high')).toEqual({ qs1: 4 });
});

it('metrics say that commits fail, and which version runs', async () => {
  expect((await scrape()).value('headcount_journal_failing')).toBe(0);
  api.journalTrouble = 'disk full';
  const metrics = await scrape();
  expect(metrics.value('headcount_journal_failing')).toBe(1);
  expect(metrics.value('headcount_build_info', { version: '1.2.3' })).toBe(1);
});

it('no metric names a user', async () => {
  await api.post([
    { type: 'session_start', user: { directory: 'SECRETDIR', id: 'secretuser' }, host: 'qs1' },
    {
      type: 'connection_open',
      user: { directory: 'SECRETDIR', id: 'secretuser' },
      host: 'qs1',
      context: '/secret',
    },
  ]);
  receive('/qseow-proxy-session/;qs1;Start session;SECRETDIR;secretuser;(null);/secret;secret');
  await api.settle();
  expect((await api.get('/metrics')).text.toLowerCase()).not.toContain('secret');
});

const HOSTILE = [
  'esc\u001b[31mred',
  'a"b',
  "a'b",
  'a\\b',
  'a\\',
  'a\nb',
  'a\\nb',
  'a\r\nb',
  'a\u2028b',
  'a\u0000b',
  '{x="y"} 1',
  'a",host="b',
  'größe-日本-\u{1f600}',
  '__proto__',
  'x'.repeat(1_024),
];

it('host names from a hostile wire come out as they came in, but with control characters written out', async () => {
  for (const host of HOSTILE) receive(`/qseow-proxy-session/;${host};Start session;LAB;ann;(null);(null);x`);
  receive(`/qseow-proxy-session/;${'x'.repeat(60_000)};Start session;LAB;ann;(null);(null);x`);
  await api.settle();
  const { samples } = await scrape();
  const hosts = samples.filter(({ name }) => name === 'headcount_host_sessions');
  const written = HOSTILE.map((host) =>
    host
      .replaceAll('\u001b', '\\u{1b}')
      .replaceAll('\r', '\\u{d}')
      .replaceAll('\n', '\\u{a}')
      .replaceAll('\u0000', '\\u{0}'),
  );
  expect(hosts.map(({ labels }) => labels['host']).toSorted()).toEqual(written.toSorted());
  expect(hosts.every(({ value }) => value === 1)).toBe(true);
});

it('of very many hosts those with the most sessions have series of their own', async () => {
  receive('/qseow-proxy-session/;real1;Start session;LAB;ann;(null);(null);x');
  receive('/qseow-proxy-session/;real1;Start session;LAB;ann;(null);(null);x');
  receive('/qseow-proxy-session/;old;Stop session;LAB;ann;(null);(null);x');
  api.now += 1_000;
  for (let n = 0; n < 500; n += 1) {
    receive(`/qseow-proxy-session/;made-up-${n};Stop session;LAB;ann;(null);(null);x`);
  }
  receive('/qseow-proxy-session/;real2;Start session;LAB;ann;(null);(null);x');
  await api.settle();
  const metrics = await scrape();
  const sessions = metrics.by('headcount_host_sessions');
  expect(Object.keys(sessions)).toHaveLength(100);
  expect(sessions).toMatchObject({ real1: 2, real2: 1 });
  expect(sessions).not.toHaveProperty('old');
  expect(Object.keys(metrics.by('headcount_host_last_event_timestamp_seconds'))).toHaveLength(100);
  expect(metrics.value('headcount_hosts')).toBe(503);
});

/** A sink with one table. */
function sink(table: Partial<SinkStats>): SinkStats {
  const counts = { delivered: 0, pending: 0, deadLettered: 0, dropped: {}, ...table };
  return {
    name: 'db',
    type: 'questdb',
    up: true,
    lagSeconds: 0,
    lastError: null,
    ...counts,
    tables: [{ table: 'sessions', rows: 0, ...counts }],
  };
}

it('metrics say how far each sink has come with each table', async () => {
  const table = { sink: 'db', table: 'sessions' };
  api.sinks = [sink({ up: false, lagSeconds: 12.5, delivered: 1_000, pending: 7, deadLettered: 2 })];
  const metrics = await scrape();
  expect(metrics.value('headcount_sink_up', { sink: 'db' })).toBe(0);
  expect(metrics.value('headcount_sink_lag_seconds', { sink: 'db' })).toBe(12.5);
  expect(metrics.value('headcount_sink_rows_pending', table)).toBe(7);
  expect(metrics.value('headcount_sink_rows_dead_lettered', table)).toBe(2);
  expect(metrics.value('headcount_sink_rows_delivered_total', table)).toBe(0);
});

it('metrics say what the database behind a sink says of its tables', async () => {
  api.sinks = [
    { ...sink({}), databaseTables: [{ name: 'sessions', suspended: true, walPendingRows: 12 }] },
    { ...sink({}), name: 'printer' },
  ];
  const metrics = await scrape();
  const table = { sink: 'db', table: 'sessions' };
  expect(metrics.value('headcount_sink_table_suspended', table)).toBe(1);
  expect(metrics.value('headcount_sink_table_wal_pending_rows', table)).toBe(12);
});

it('what a sink took does not fall where rows are sent again', async () => {
  const table = { sink: 'db', table: 'sessions' };
  const taken: (number | undefined)[] = [];
  for (const delivered of [1_000, 1_010, 500, 505]) {
    api.sinks = [sink({ delivered })];
    taken.push((await scrape()).value('headcount_sink_rows_delivered_total', table));
  }
  expect(taken).toEqual([0, 10, 10, 15]);
});

it('what is dropped for a reason that comes up later counts from the first row', async () => {
  const labels = { sink: 'db', table: 'sessions', reason: 'retention' };
  api.sinks = [sink({})];
  expect((await scrape()).value('headcount_sink_rows_dropped_total', labels)).toBeUndefined();
  api.sinks = [sink({ dropped: { retention: 5 } })];
  expect((await scrape()).value('headcount_sink_rows_dropped_total', labels)).toBe(5);
});
