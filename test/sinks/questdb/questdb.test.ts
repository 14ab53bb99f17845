import { describe, expect, it } from 'vitest';
import { NeedsOperatorError } from '../../../src/contract/sink.ts';
import { until } from '../../program/program.ts';
import {
  batchOf,
  countsRow,
  eventRow,
  fullEventRow,
  fullSessionRow,
  NEVER,
  NOON,
  newStoreId,
  sessionRow,
  snapshotRow,
  snapshotSessionRow,
} from '../rows-under-test.ts';
import { canStartQuestDb, errorOf, OwnQuestDb } from './own-questdb.ts';

/** As QuestDB writes it. */
function iso(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '000Z');
}

describe.skipIf(!canStartQuestDb)('rows in QuestDB', () => {
  const questdb = new OwnQuestDb();

  it('have every value in its column', async () => {
    const storeId = newStoreId();
    const sink = await questdb.startedSink({}, storeId, { lastSeq: () => 41 });
    const event = { ...fullEventRow(3, 'Text'), originalAt: -86_400_000 };
    await sink.write(batchOf('session_events', event), NEVER);
    await sink.write(batchOf('sessions', fullSessionRow('a', 'Text')), NEVER);
    const counts = countsRow({ scope: 'virtualProxy', name: 'hdr', active: 1, users: 2, connections: 3 });
    const bounds = { sessionsLow: 7, sessionsHigh: 8, usersLow: 9, usersHigh: 10 };
    await sink.write(
      batchOf('session_counts', { ...counts, ...bounds, created: 4, destroyed: 5, rejected: 6 }),
      NEVER,
    );

    const user = { user_directory: 'Text', user_id: 'Text', user_key: 'text\\text' };
    const client = { browser: 'Text', browser_version: 'Text', os: 'Text', os_version: 'Text' };
    expect(await questdb.server.settled('session_events', 'session_events')).toEqual([
      {
        ts: iso(NOON + 3),
        site: 'main',
        store: storeId,
        event_id: 'event-3',
        kind: 'session_rejected',
        host: 'node1',
        ...user,
        origin: 'Text',
        context: 'Text',
        app_id: 'Text',
        app_name: 'Text',
        virtual_proxy: 'Text',
        session_id: 'Text',
        result: 403,
        reason: 'denied',
        row_number: 2_147_483_647,
        received_at: iso(NOON + 3),
        original_at: '1969-12-31T00:00:00.000000Z',
        corrected_at: null,
        ...client,
        user_agent: 'Text',
        message: 'Text',
        ...{ note_type: 'Text', note_source: 'Text', note_level: 'Text', note_value: 1.5e21, note_count: 7 },
        ...{ app_version: 'Text', user_name: 'Text' },
        seq: 3,
      },
    ]);
    expect(await questdb.server.settled('sessions', 'sessions')).toEqual([
      {
        first_seen_at: iso(NOON),
        site: 'main',
        store: storeId,
        session_id: 'a',
        host: 'node1',
        ...user,
        virtual_proxy: 'Text',
        started_at: iso(NOON),
        start_exact: true,
        ended_at: iso(NOON + 60_000),
        end_exact: true,
        end_reason: 'stop',
        identity_exact: true,
        last_activity_at: iso(NOON),
        open_connections: 2,
        connections: 3,
        apps: 'app-1,app-2',
        ...client,
        application: false,
      },
    ]);
    expect(await questdb.server.settled('session_counts', 'session_counts')).toEqual([
      {
        ts: iso(NOON),
        site: 'main',
        store: storeId,
        scope: 'virtual_proxy',
        name: 'hdr',
        ...{ active: 1, users: 2, connections: 3, created: 4, destroyed: 5, rejected: 6 },
        ...{ sessions_low: 7, sessions_high: 8, users_low: 9, users_high: 10 },
        seq: 41,
      },
    ]);
  });

  it('of an earlier version, which knew no bounds, are taken when they are tried again', async () => {
    const sink = await questdb.startedSink();
    const row = countsRow({ active: 1 });
    for (const name of ['sessionsLow', 'sessionsHigh', 'usersLow', 'usersHigh'])
      Reflect.deleteProperty(row, name);
    await sink.write(batchOf('session_counts', row), NEVER);
    const sql = 'SELECT active, sessions_low FROM session_counts';
    expect(await questdb.server.settled('session_counts', sql)).toEqual([{ active: 1, sessions_low: null }]);
  });

  it('have a key of the user that ignores case, and none where nobody is known', async () => {
    const sink = await questdb.startedSink();
    const users = [
      null,
      { directory: null, id: 'Anna' },
      { directory: 'LAB', id: 'ÄNNA' },
      { directory: '', id: 'x' },
    ];
    await sink.write(batchOf('session_events', ...users.map((user, seq) => eventRow(seq, { user }))), NEVER);
    const rows = await questdb.server.settled(
      'session_events',
      'SELECT user_key FROM session_events ORDER BY seq',
    );
    expect(rows.map(({ user_key }) => user_key)).toEqual([null, 'anna', 'lab\\änna', '\\x']);
  });

  it('are there once, however often the answer is lost', async () => {
    const proxy = await questdb.proxy();
    const sink = await questdb.startedSink({ url: proxy.url });
    const batches = [
      batchOf('session_events', eventRow(1), fullEventRow(2, 'x')),
      batchOf('sessions', sessionRow('a'), fullSessionRow('b', 'x')),
      batchOf('session_counts', countsRow(), countsRow({ scope: 'host', name: 'x' })),
    ];
    for (const batch of batches) {
      proxy.cutsAnswers = true;
      for (let times = 0; times < 3; times += 1) {
        expect((await errorOf(sink.write(batch, NEVER))).message).toContain('broke off');
      }
      proxy.cutsAnswers = false;
      await sink.write(batch, NEVER);
      expect(await questdb.count(batch.table)).toBe(2);
    }
  });

  it('of a session that goes on again have no end any more', async () => {
    const sink = await questdb.startedSink();
    const ended = fullSessionRow('a', 'x');
    await sink.write(batchOf('sessions', ended), NEVER);
    const active = 'SELECT session_id FROM active_sessions';
    expect(await questdb.server.settled('sessions', active)).toEqual([]);
    await sink.write(
      batchOf('sessions', { ...ended, endedAt: null, endReason: null, endExact: false }),
      NEVER,
    );
    const rows = await questdb.server.settled(
      'sessions',
      'SELECT ended_at, end_reason, end_exact FROM sessions',
    );
    expect(rows).toEqual([{ ended_at: null, end_reason: null, end_exact: false }]);
    expect(await questdb.query(active)).toEqual([{ session_id: 'a' }]);
  });

  it('of one batch are told apart by time: the last row of a session counts', async () => {
    const sink = await questdb.startedSink();
    const rows = [sessionRow('a', { connections: 1 }), sessionRow('a', { connections: 2 }), sessionRow('b')];
    await sink.write(batchOf('sessions', ...rows, sessionRow('a', { connections: 3 })), NEVER);
    expect(
      await questdb.server.settled('sessions', 'SELECT session_id, connections FROM sessions ORDER BY 1'),
    ).toEqual([
      { session_id: 'a', connections: 3 },
      { session_id: 'b', connections: 0 },
    ]);
  });

  it('of two Headcounts of one site are there once, but for what each has counted, which a view has once', async () => {
    for (const [store, active] of [
      ['one', 3],
      ['two', 4],
    ] as const) {
      const sink = await questdb.startedSink({}, store);
      await sink.write(batchOf('session_events', eventRow(1)), NEVER);
      await sink.write(batchOf('sessions', sessionRow('a')), NEVER);
      const rows = [
        countsRow({ active, created: 1 }),
        countsRow({ scope: 'host', name: 'node1', created: active }),
      ];
      await sink.write(batchOf('session_counts', ...rows), NEVER);
    }
    expect(await questdb.count('session_events')).toBe(1);
    expect(await questdb.count('sessions')).toBe(1);
    expect(await questdb.count('session_counts')).toBe(4);
    const counts = 'SELECT site, scope, name, active, created FROM site_counts ORDER BY scope DESC';
    expect((await questdb.query(counts)).map((row) => Object.values(row))).toEqual([
      ['main', 'site', null, 4, 1],
      ['main', 'host', 'node1', null, 4],
    ]);
    const when = await questdb.query('SELECT ts, sum(created) AS n FROM site_counts SAMPLE BY 1m');
    expect(when.map(({ n }) => n)).toEqual([5]);
  });

  it('of a session whose Stop one Headcount missed keep the end that the other one knows, until something comes after that', async () => {
    const [one, two] = [await questdb.startedSink({}, 'one'), await questdb.startedSink({}, 'two')];
    const at = Date.now();
    for (const sink of [one, two]) {
      await sink.write(batchOf('session_counts', countsRow({ at: Math.floor(at / 1_000) * 1_000 })), NEVER);
    }
    await questdb.server.settled('session_counts', 'SELECT 1');
    const ends = async () =>
      (
        await questdb.server.settled(
          'sessions',
          'SELECT session_id, store, end_reason, ended_at FROM sessions ORDER BY session_id',
        )
      ).map((row) => Object.values(row));
    const stop = { endedAt: NOON + 60_000, endExact: true, endReason: 'stop' as const };
    await one.write(batchOf('sessions', sessionRow('a'), sessionRow('b')), NEVER);
    await two.write(batchOf('sessions', sessionRow('a', stop), sessionRow('b', stop)), NEVER);
    await ends();
    const silence = { endedAt: NOON + 10, endReason: 'timeout' as const, lastActivityAt: NOON + 10 };
    const later = { lastActivityAt: NOON + 60_001 };
    const [a, c] = [sessionRow('a', silence), sessionRow('c', silence)];
    await one.write(batchOf('sessions', a, sessionRow('b', later), c), NEVER);
    expect(await ends()).toEqual([
      ['a', 'two', 'stop', iso(NOON + 60_000)],
      ['b', 'one', null, null],
      ['c', 'one', 'timeout', iso(NOON + 10)],
    ]);
    await one.write(batchOf('sessions', sessionRow('a', silence)), NEVER);
    await two.write(batchOf('sessions', sessionRow('c', stop)), NEVER);
    expect((await ends()).map(([, , reason]) => reason)).toEqual(['stop', null, 'stop']);
    expect([one, two].map((sink) => sink.details?.()['othersOfSite'])).toEqual([['two'], ['one']]);
    // What is to blame is named by its place in the batch.
    const poison = sessionRow('d', { firstSeenAt: -1 });
    const error = await errorOf(one.write(batchOf('sessions', a, c, poison), NEVER));
    expect(error).toMatchObject({ place: 2 });
  });

  it('of a line whose time was corrected are under the time that it said, which is the same for all', async () => {
    const sink = await questdb.startedSink();
    await sink.write(
      batchOf('session_events', eventRow(1, { at: NOON + 90_000, saidAt: NOON, originalAt: NOON })),
      NEVER,
    );
    await sink.write(
      batchOf('session_events', eventRow(1, { at: NOON + 90_007, saidAt: NOON, originalAt: NOON })),
      NEVER,
    );
    const rows = await questdb.server.settled(
      'session_events',
      'SELECT ts, corrected_at, original_at FROM session_events',
    );
    expect(rows).toEqual([{ ts: iso(NOON), corrected_at: iso(NOON + 90_007), original_at: iso(NOON) }]);
  });

  it('of two sites stay apart', async () => {
    const [one, two] = [
      await questdb.startedSink({}, 'one', { site: 'one' }),
      await questdb.startedSink({}, 'two', { site: 'two' }),
    ];
    for (const sink of [one, two]) {
      await sink.write(batchOf('session_events', eventRow(1)), NEVER);
      await sink.write(batchOf('sessions', sessionRow('a')), NEVER);
      await sink.write(batchOf('session_counts', countsRow()), NEVER);
    }
    for (const table of ['session_events', 'sessions', 'session_counts']) {
      expect(await questdb.count(table)).toBe(2);
      expect(await questdb.query(`SELECT count() AS n FROM ${table} WHERE store = 'one'`)).toEqual([
        { n: 1 },
      ]);
    }
  });

  it('may be more than one request takes', async () => {
    const sink = await questdb.startedSink();
    const rows = Array.from({ length: 200 }, (_, seq) => eventRow(seq, { message: 'x'.repeat(60_000) }));
    await sink.write(batchOf('session_events', ...rows), NEVER);
    expect(await questdb.count('session_events')).toBe(200);
  });

  it('survive a QuestDB that is killed and comes back', async () => {
    const sink = await questdb.startedSink();
    await sink.write(batchOf('session_events', eventRow(1)), NEVER);
    await questdb.server.kill();
    const batch = batchOf('session_events', eventRow(1), eventRow(2));
    await expect(sink.write(batch, NEVER)).rejects.toThrow(Error);
    expect(await errorOf(sink.write(batch, NEVER))).not.toBeInstanceOf(NeedsOperatorError);
    await questdb.server.restart();
    await sink.write(batch, NEVER);
    expect(await questdb.count('session_events')).toBe(2);
  });

  it('are not sent into a suspended table, and go on when it is resumed', async () => {
    const sink = await questdb.startedSink();
    await sink.write(batchOf('sessions', sessionRow('a')), NEVER);
    expect(await questdb.count('sessions')).toBe(1);
    await questdb.query('ALTER TABLE sessions SUSPEND WAL');
    const batch = batchOf('sessions', sessionRow('b'));
    const error = await errorOf(sink.write(batch, NEVER));
    expect(error).toBeInstanceOf(NeedsOperatorError);
    expect(error.message).toContain('ALTER TABLE sessions RESUME WAL');
    await sink.start(NEVER);
    await sink.write(batchOf('session_events', eventRow(1)), NEVER);
    await questdb.query('ALTER TABLE sessions RESUME WAL');
    await sink.write(batch, NEVER);
    expect(await questdb.count('sessions')).toBe(2);
  });

  it('that were sent as a table was suspended are applied when it is resumed, and may be sent again', async () => {
    const proxy = await questdb.proxy();
    const sink = await questdb.startedSink({ url: proxy.url });
    await sink.write(batchOf('sessions', sessionRow('a')), NEVER);
    expect(await questdb.count('sessions')).toBe(1);
    proxy.beforeWrite = async () => {
      await questdb.query('ALTER TABLE sessions SUSPEND WAL');
    };
    const batch = batchOf('sessions', sessionRow('b'));
    expect(await errorOf(sink.write(batch, NEVER))).toBeInstanceOf(NeedsOperatorError);
    const details = sink.details?.()['databaseTables'] as readonly { readonly name: string }[];
    expect(details.find(({ name }) => name === 'sessions')).toEqual({
      name: 'sessions',
      suspended: true,
      walPendingRows: 1,
    });
    proxy.beforeWrite = async () => {};
    await questdb.query('ALTER TABLE sessions RESUME WAL');
    await sink.write(batch, NEVER);
    expect(await questdb.count('sessions')).toBe(2);
  });

  it('are refused with wrong credentials', async () => {
    for (const wrong of [{ password: 'wrong' }, { user: undefined, password: undefined }, { token: 'x' }]) {
      const settings = 'token' in wrong ? { user: undefined, password: undefined, ...wrong } : wrong;
      const error = await errorOf(questdb.newSink(settings).start(NEVER));
      expect(error).toBeInstanceOf(NeedsOperatorError);
      expect(error.message).toContain('refuses the credentials');
    }
  });

  it('stand in the views with the names that Butler SOS has', async () => {
    const sink = await questdb.startedSink({}, 'store');
    const client = { browser: 'Chrome', browserVersion: '142', os: 'Windows', osVersion: '10' };
    const user = { directory: 'LAB', id: 'anna' };
    const events = [
      eventRow(1, { user, ...client }),
      eventRow(2, { kind: 'session_stop', user: { directory: null, id: 'anna' } }),
      eventRow(3, { kind: 'connection_open', origin: 'AppAccess', appId: 'id', appName: 'Sales' }),
      eventRow(4, { kind: 'connection_close' }),
      eventRow(5, { kind: 'session_rejected' }),
    ];
    await sink.write(batchOf('session_events', ...events), NEVER);
    const rows = await questdb.server.settled('session_events', 'SELECT * FROM user_events ORDER BY ts');
    expect(rows[0]).toEqual({
      ts: iso(NOON + 1),
      site: 'main',
      store: 'store',
      host: 'node1',
      event_action: 'Start session',
      userFull: 'LAB\\anna',
      userDirectory: 'LAB',
      userId: 'anna',
      origin: null,
      appId: null,
      appName: null,
      uaBrowserName: 'Chrome',
      uaBrowserMajorVersion: '142',
      uaOsName: 'Windows',
      uaOsVersion: '10',
    });
    expect(rows.map((row) => [row['event_action'], row['userFull'], row['appName']])).toEqual([
      ['Start session', 'LAB\\anna', null],
      ['Stop session', 'anna', null],
      ['Open connection', null, 'Sales'],
      ['Close connection', null, null],
    ]);
  });

  it('of polls stand in the views that users of Butler SOS know', async () => {
    const sink = await questdb.startedSink({}, 'store');
    const [anna, bert] = [
      { directory: 'LAB', id: 'anna' },
      { directory: null, id: 'bert' },
    ];
    await sink.write(
      batchOf(
        'session_snapshots',
        snapshotRow({ sessions: 3, users: 2 }),
        snapshotRow({ virtualProxy: '/sales' }),
        snapshotRow({ at: NOON + 30_000, sessions: 1, users: 1 }),
      ),
      NEVER,
    );
    const seen = [
      snapshotSessionRow('a', { user: anna }),
      snapshotSessionRow('b', { user: anna }),
      snapshotSessionRow('c', { user: bert }),
      snapshotSessionRow('c', { user: bert, at: NOON + 30_000 }),
    ];
    await sink.write(batchOf('snapshot_sessions', ...seen), NEVER);
    await questdb.server.settled('session_snapshots', 'SELECT 1');
    await questdb.server.settled('snapshot_sessions', 'SELECT 1');
    const proxy = (at: number, path: string) => ({
      ...{ ts: iso(at), store: 'store', user_session_host: 'node1', user_session_virtual_proxy: path },
    });
    for (const view of ['user_session_summary', 'user_session_list']) {
      const rows = await questdb.query(`SELECT * FROM ${view} ORDER BY ts, user_session_virtual_proxy`);
      const lists = rows.map((row) => String(row['session_user_id_list']).split(',').toSorted());
      expect(lists).toEqual([['LAB\\anna', 'bert'], ['null'], ['bert']]);
      expect(rows.map(({ session_user_id_list: _, ...rest }) => rest)).toEqual([
        { ...proxy(NOON, '/'), session_count: 3 },
        { ...proxy(NOON, '/sales'), session_count: 0 },
        { ...proxy(NOON + 30_000, '/'), session_count: 1 },
      ]);
      // Statements that are prepared and not run have crashed QuestDB.
      await questdb.query(`EXPLAIN SELECT * FROM ${view} WHERE ts > now()`);
    }
    const details = await questdb.query('SELECT * FROM user_session_details ORDER BY ts, session_id');
    expect(details).toHaveLength(4);
    expect(details[0]).toEqual({
      ...proxy(NOON, '/'),
      ...{ user_session_id: 'a', user_session_user_directory: 'LAB', user_session_user_id: 'anna' },
      ...{ session_id: 'a', user_directory: 'LAB', user_id: 'anna' },
    });
  });

  it('of excluded users are in no list, and lists know how long sessions take', async () => {
    const sink = await questdb.startedSink();
    const ended = { endedAt: NOON + 90_999, endExact: true };
    const rows = [
      sessionRow('open'),
      sessionRow('over', { ...ended, endReason: 'stop' }),
      sessionRow('hidden', { ...ended, endReason: 'excluded' }),
    ];
    await sink.write(batchOf('sessions', ...rows), NEVER);
    const list = await questdb.server.settled('sessions', 'SELECT * FROM session_list ORDER BY session_id');
    expect(list.map((row) => row['session_id'])).toEqual(['open', 'over']);
    expect(list[0]?.['duration_seconds']).toBeGreaterThan(3_000);
    expect(list[1]?.['duration_seconds']).toBe(90);
    expect(await questdb.query('SELECT session_id FROM active_sessions')).toEqual([{ session_id: 'open' }]);
  });

  it('stand in views that are brought up to date, but only where they differ', async () => {
    const changed = 'SELECT view_name, view_status_update_time FROM views() ORDER BY view_name';
    await questdb.startedSink();
    // The server looks at a new view once more, some time after it has made it.
    const isQuiet = (view: Readonly<Record<string, unknown>>) =>
      Date.now() - Date.parse(String(view['view_status_update_time'])) > 500;
    const before = await until(
      () => questdb.query(changed),
      (views) => views.every(isQuiet),
    );
    expect(before.map((view) => view['view_name'])).toEqual([
      'active_sessions',
      'session_list',
      'site_counts',
      'store_times',
      'user_events',
      'user_session_details',
      'user_session_list',
      'user_session_summary',
    ]);
    await questdb.query('CREATE OR REPLACE VIEW active_sessions AS (SELECT 1 AS old FROM long_sequence(1))');
    const sink = await questdb.startedSink();
    expect(sink.details?.()).toMatchObject({ views: 'ready' });
    expect((await questdb.query(changed)).slice(1)).toEqual(before.slice(1));
    await sink.write(batchOf('sessions', sessionRow('a')), NEVER);
    expect(await questdb.server.settled('sessions', 'SELECT session_id FROM active_sessions')).toHaveLength(
      1,
    );
  });

  it('are taken where a view cannot be made, too', async () => {
    await questdb.query('CREATE TABLE user_events (n LONG)');
    const sink = await questdb.startedSink();
    expect(String(sink.details?.()['views'])).toContain('already exists');
    await sink.write(batchOf('session_events', eventRow(1)), NEVER);
    expect(await questdb.count('session_events')).toBe(1);
    expect(await questdb.query('SELECT session_id FROM active_sessions')).toEqual([]);
  });
});
