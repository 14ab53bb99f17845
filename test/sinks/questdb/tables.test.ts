import { describe, expect, it } from 'vitest';
import { NeedsOperatorError, PoisonRowError } from '../../../src/contract/sink.ts';
import { batchOf, countsRow, eventRow, HOSTILE_TEXTS, NEVER, NOON, sessionRow } from '../rows-under-test.ts';
import { canStartQuestDb, errorOf, OwnQuestDb } from './own-questdb.ts';

describe.skipIf(!canStartQuestDb)('tables of QuestDB', () => {
  const questdb = new OwnQuestDb();

  it('are made as others rely on', async () => {
    await questdb.startedSink();
    const columnsOf = async (table: string) => {
      const rows = await questdb.query(
        `SELECT "column", type, upsertKey, designated FROM table_columns('${table}')`,
      );
      return rows.map(({ column, type, upsertKey, designated }) => {
        return `${column} ${type}${upsertKey ? ' key' : ''}${designated ? ' time' : ''}`;
      });
    };
    const user = ['user_directory VARCHAR', 'user_id VARCHAR', 'user_key VARCHAR'];
    const client = ['browser VARCHAR', 'browser_version VARCHAR', 'os VARCHAR', 'os_version VARCHAR'];
    expect(await columnsOf('session_events')).toEqual([
      ...[
        'ts TIMESTAMP key time',
        'site VARCHAR key',
        'store SYMBOL',
        'event_id VARCHAR key',
        'kind SYMBOL key',
        'host VARCHAR key',
      ],
      ...user,
      ...['origin VARCHAR', 'context VARCHAR', 'app_id VARCHAR', 'app_name VARCHAR', 'virtual_proxy VARCHAR'],
      ...['session_id VARCHAR', 'result LONG', 'reason SYMBOL', 'row_number LONG'],
      ...['received_at TIMESTAMP', 'original_at TIMESTAMP', 'corrected_at TIMESTAMP'],
      ...client,
      ...[
        'user_agent VARCHAR',
        'message VARCHAR',
        'note_type VARCHAR',
        'note_source VARCHAR',
        'note_level VARCHAR',
      ],
      ...['note_value DOUBLE', 'note_count LONG', 'app_version VARCHAR', 'user_name VARCHAR', 'seq LONG'],
    ]);
    expect(await columnsOf('sessions')).toEqual([
      ...[
        'first_seen_at TIMESTAMP key time',
        'site VARCHAR key',
        'store SYMBOL',
        'session_id VARCHAR key',
        'host VARCHAR key',
      ],
      ...user,
      ...['virtual_proxy VARCHAR', 'started_at TIMESTAMP', 'start_exact BOOLEAN', 'ended_at TIMESTAMP'],
      ...['end_exact BOOLEAN', 'end_reason SYMBOL', 'identity_exact BOOLEAN', 'last_activity_at TIMESTAMP'],
      ...['open_connections LONG', 'connections LONG', 'apps VARCHAR'],
      ...client,
      'application BOOLEAN',
    ]);
    expect(await columnsOf('session_counts')).toEqual([
      ...[
        'ts TIMESTAMP key time',
        'site VARCHAR',
        'store SYMBOL key',
        'scope SYMBOL key',
        'name VARCHAR key',
      ],
      ...['active LONG', 'users LONG', 'connections LONG', 'created LONG', 'destroyed LONG', 'rejected LONG'],
      ...['sessions_low LONG', 'sessions_high LONG', 'users_low LONG', 'users_high LONG', 'seq LONG'],
    ]);
    expect(await columnsOf('session_snapshots')).toEqual([
      ...['ts TIMESTAMP key time', 'site VARCHAR', 'store SYMBOL key'],
      ...['host VARCHAR key', 'virtual_proxy VARCHAR key'],
      ...['sessions LONG', 'users LONG'],
    ]);
    expect(await columnsOf('snapshot_sessions')).toEqual([
      ...['ts TIMESTAMP key time', 'site VARCHAR', 'store SYMBOL key'],
      ...['host VARCHAR key', 'virtual_proxy VARCHAR key'],
      'session_id VARCHAR key',
      ...user,
    ]);
    const tables = await questdb.query(
      "SELECT table_name, partitionBy, walEnabled, dedup, ttlValue, ttlUnit FROM tables() WHERE table_type = 'T'",
    );
    expect(tables).toHaveLength(5);
    for (const table of tables) {
      expect(table).toMatchObject({
        partitionBy: 'DAY',
        walEnabled: true,
        dedup: true,
        ttlValue: 365,
        ttlUnit: 'DAY',
      });
    }
  });

  it('are made once by many that start together', async () => {
    const sinks = Array.from({ length: 6 }, () => questdb.newSink());
    await Promise.all(sinks.map((sink) => sink.start(NEVER)));
    await Promise.all(sinks.map((sink, n) => sink.write(batchOf('sessions', sessionRow(`a${n}`)), NEVER)));
    expect(await questdb.count('sessions')).toBe(6);
  });

  it('get the retention that is asked for, and keep the one they have where none is', async () => {
    const days = async () => {
      const sql = "SELECT ttlValue, ttlUnit FROM tables() WHERE table_name = 'sessions'";
      const rows = await questdb.server.settled('sessions', sql);
      return `${rows[0]?.['ttlValue']} ${rows[0]?.['ttlUnit']}`;
    };
    await questdb.startedSink({ retention: '30d' });
    expect(await days()).toBe('30 DAY');
    await questdb.startedSink();
    expect(await days()).toBe('30 DAY');
    await questdb.startedSink({ retention: '28d' });
    expect(await days()).toBe('4 WEEK');
  });

  const foreign: [what: string, ddl: string, difference: string][] = [
    [
      'without DEDUP',
      'CREATE TABLE sessions (ts TIMESTAMP) TIMESTAMP(ts) PARTITION BY DAY WAL',
      'has no DEDUP',
    ],
    [
      'without WAL',
      'CREATE TABLE sessions (ts TIMESTAMP) TIMESTAMP(ts) PARTITION BY DAY BYPASS WAL',
      'has no DEDUP',
    ],
    ['without a time', 'CREATE TABLE sessions (n LONG)', 'has no DEDUP'],
    ['that is a view', 'CREATE VIEW sessions AS (SELECT 1 AS n FROM long_sequence(1))', 'has no DEDUP'],
    [
      'with other keys',
      'CREATE TABLE sessions (first_seen_at TIMESTAMP, store SYMBOL) TIMESTAMP(first_seen_at) PARTITION BY DAY WAL ' +
        'DEDUP UPSERT KEYS(first_seen_at, store)',
      'has TIMESTAMP(first_seen_at) and DEDUP UPSERT KEYS(first_seen_at, store) instead of ' +
        'TIMESTAMP(first_seen_at) and KEYS(first_seen_at, site, session_id, host)',
    ],
    [
      'with a column of another type',
      'CREATE TABLE sessions (first_seen_at TIMESTAMP, store SYMBOL, session_id UUID, host VARCHAR) ' +
        'TIMESTAMP(first_seen_at) PARTITION BY DAY WAL DEDUP UPSERT KEYS(first_seen_at, store, session_id, host)',
      'has a column session_id of type UUID instead of VARCHAR',
    ],
  ];
  it.each(foreign)('%s call for the operator, and are never written to', async (_, ddl, difference) => {
    await questdb.query(ddl);
    const sink = questdb.newSink();
    const error = await errorOf(sink.start(NEVER));
    expect(error).toBeInstanceOf(NeedsOperatorError);
    expect(error.message).toContain(`table sessions in QuestDB ${difference}`);
    expect(await errorOf(sink.write(batchOf('sessions', sessionRow('a')), NEVER))).toBeInstanceOf(
      NeedsOperatorError,
    );
  });

  it('of a stranger are out of the way once they are renamed as advised', async () => {
    await questdb.query('CREATE TABLE sessions (ts TIMESTAMP) TIMESTAMP(ts) PARTITION BY DAY WAL');
    const sink = questdb.newSink();
    const { message } = await errorOf(sink.start(NEVER));
    await questdb.query(/RENAME TABLE [^)]*/.exec(message)?.[0] ?? '');
    await sink.start(NEVER);
    await sink.write(batchOf('sessions', sessionRow('a')), NEVER);
    expect(await questdb.count('sessions')).toBe(1);
  });

  it('of the version that told rows apart by store get the keys of now, and lose no row; ours are replaced from then on, not doubled', async () => {
    await questdb.query(
      `CREATE TABLE sessions (first_seen_at TIMESTAMP, store SYMBOL, session_id VARCHAR, host VARCHAR, connections LONG)
      TIMESTAMP(first_seen_at) PARTITION BY DAY WAL DEDUP UPSERT KEYS(first_seen_at, store, session_id, host)`,
    );
    await questdb.query(
      `CREATE TABLE session_events (ts TIMESTAMP, store SYMBOL, event_id VARCHAR, kind SYMBOL, host VARCHAR, seq LONG)
      TIMESTAMP(ts) PARTITION BY DAY WAL DEDUP UPSERT KEYS(ts, store, event_id, kind, host)`,
    );
    const at = NOON * 1000;
    const old = (store: string, host: string) => `(${at}, '${store}', 'a', '${host}', 1)`;
    const rows = [old('one', 'node1'), old('one', 'paris/node1'), old('two', 'node1')];
    await questdb.query(`INSERT INTO sessions VALUES ${rows.join(', ')}`);
    await questdb.query(
      `INSERT INTO session_events VALUES (${at + 1_000}, 'one', 'event-1', 'session_start', 'node1', 1)`,
    );
    const one = await questdb.startedSink({}, 'one', { site: 'berlin' });
    const sites = async () => {
      const sql = 'SELECT store, host, site, connections FROM sessions ORDER BY store, host';
      return (await questdb.server.settled('sessions', sql)).map((row) => Object.values(row));
    };
    expect(await sites()).toEqual([
      ['one', 'node1', 'berlin', 1],
      ['one', 'paris/node1', 'paris', 1],
      ['two', 'node1', null, 1],
    ]);
    const again = [
      sessionRow('a', { connections: 2 }),
      sessionRow('a', { connections: 2, host: 'paris/node1' }),
    ];
    await one.write(batchOf('sessions', ...again), NEVER);
    await one.write(batchOf('session_events', eventRow(1)), NEVER);
    expect(await sites()).toEqual([
      ['one', 'node1', 'berlin', 2],
      ['one', 'paris/node1', 'paris', 2],
      ['two', 'node1', null, 1],
    ]);
    expect(await questdb.count('session_events')).toBe(1);
    // Another one, which is upgraded later.
    await questdb.startedSink({}, 'two', { site: 'rome' });
    expect((await sites())[2]).toEqual(['two', 'node1', 'rome', 1]);
  });

  it('of an older version get the columns that they have not', async () => {
    await questdb.query(
      `CREATE TABLE sessions (first_seen_at TIMESTAMP, store SYMBOL, session_id VARCHAR, host VARCHAR)
      TIMESTAMP(first_seen_at) PARTITION BY DAY WAL DEDUP UPSERT KEYS(first_seen_at, store, session_id, host)`,
    );
    await questdb.query(`INSERT INTO sessions VALUES (${(NOON - 1000) * 1000}, 'old', 'old', 'old')`);
    const sink = await questdb.startedSink();
    await sink.write(batchOf('sessions', sessionRow('new', { connections: 7 })), NEVER);
    const rows = await questdb.server.settled('sessions', 'SELECT session_id, connections FROM sessions');
    expect(rows).toEqual([
      { session_id: 'old', connections: null },
      { session_id: 'new', connections: 7 },
    ]);
  });

  it('of a version that knew no applications get their column, and so do the views that are there', async () => {
    await questdb.startedSink();
    const views = await questdb.query('SELECT view_name, view_sql FROM views()');
    const columns = await questdb.query('SELECT "column", type FROM table_columns(\'sessions\')');
    await questdb.query('DROP TABLE sessions');
    const older = columns.filter(({ column }) => column !== 'application');
    await questdb.query(
      `CREATE TABLE sessions (${older.map(({ column, type }) => `${column} ${type}`).join(', ')})
      TIMESTAMP(first_seen_at) PARTITION BY DAY WAL DEDUP UPSERT KEYS(first_seen_at, store, session_id, host)`,
    );
    for (const { view_name: name, view_sql: sql } of views) {
      await questdb.query(`CREATE OR REPLACE VIEW ${name} AS (${sql})`);
    }
    const asked = 'SELECT session_id, application FROM session_list';
    await expect(questdb.query(asked)).rejects.toThrow();
    const sink = await questdb.startedSink();
    await sink.write(batchOf('sessions', sessionRow('a', { application: true }), sessionRow('b')), NEVER);
    await questdb.server.settled('sessions', 'SELECT 1');
    for (const view of ['session_list', 'active_sessions']) {
      expect(await questdb.query(`SELECT session_id, application FROM ${view}`)).toEqual([
        { session_id: 'a', application: true },
        { session_id: 'b', application: false },
      ]);
    }
  });

  it('of a version that knew no bounds get them, null in the rows that are there', async () => {
    await questdb.query(
      `CREATE TABLE session_counts (ts TIMESTAMP, store SYMBOL, scope SYMBOL, name VARCHAR, active LONG, users LONG,
        connections LONG, created LONG, destroyed LONG, rejected LONG)
      TIMESTAMP(ts) PARTITION BY DAY WAL DEDUP UPSERT KEYS(ts, store, scope, name)`,
    );
    await questdb.query(
      `INSERT INTO session_counts VALUES (${(NOON - 1000) * 1000}, 'old', 'site', null, 3, 2, 1, 0, 0, 0)`,
    );
    const sink = await questdb.startedSink();
    const known = { active: 3, sessionsLow: 2, sessionsHigh: 5, users: 2, usersLow: 1, usersHigh: 4 };
    await sink.write(
      batchOf(
        'session_counts',
        countsRow(known),
        countsRow({ ...known, scope: 'host', name: 'node1', sessionsHigh: null, usersHigh: null }),
        countsRow({ active: 3, scope: 'app', name: 'app' }),
      ),
      NEVER,
    );
    const columns = 'scope, active, sessions_low, sessions_high, users_low, users_high';
    const rows = await questdb.server.settled(
      'session_counts',
      `SELECT ${columns} FROM session_counts ORDER BY ts, scope`,
    );
    expect(rows.map((row) => Object.values(row))).toEqual([
      ['site', 3, null, null, null, null],
      ['app', 3, null, null, null, null],
      ['host', 3, 2, null, 1, null],
      ['site', 3, 2, 5, 1, 4],
    ]);
  });

  it('may have another spelling and types that ours are cast to', async () => {
    await questdb.query(
      `CREATE TABLE "Session_Counts" (Ts TIMESTAMP_NS, Store VARCHAR, scope STRING, name SYMBOL, active DOUBLE)
      TIMESTAMP(Ts) PARTITION BY MONTH WAL DEDUP UPSERT KEYS(Ts, Store, scope, name)`,
    );
    const sink = await questdb.startedSink();
    const rows = HOSTILE_TEXTS.map((name) => countsRow({ scope: 'app', name, active: 3 }));
    await sink.write(batchOf('session_counts', countsRow(), ...rows), NEVER);
    await sink.write(batchOf('session_counts', countsRow(), ...rows), NEVER);
    expect(await questdb.count('session_counts')).toBe(1 + HOSTILE_TEXTS.length);
  });

  it('that were dropped are made again before rows are sent', async () => {
    const sink = await questdb.startedSink();
    for (const table of ['session_events', 'sessions', 'session_counts'])
      await questdb.query(`DROP TABLE ${table}`);
    await sink.write(batchOf('session_events', eventRow(1)), NEVER);
    await sink.write(batchOf('sessions', sessionRow('a')), NEVER);
    await sink.write(batchOf('session_counts', countsRow(), countsRow()), NEVER);
    expect([
      await questdb.count('session_events'),
      await questdb.count('sessions'),
      await questdb.count('session_counts'),
    ]).toEqual([1, 1, 1]);
    expect(await questdb.query('SELECT "userFull" FROM user_events')).toHaveLength(1);
  });

  it('that were dropped during an outage are made again by the next start, before there are rows', async () => {
    const sink = await questdb.startedSink();
    await questdb.query('DROP TABLE sessions');
    await sink.start(NEVER);
    expect(await questdb.count('sessions')).toBe(0);
  });

  it('that are dropped as rows arrive: QuestDB makes one without DEDUP, and the rows do not count', async () => {
    const proxy = await questdb.proxy();
    const sink = await questdb.startedSink({ url: proxy.url });
    proxy.beforeWrite = async () => {
      proxy.beforeWrite = async () => {};
      await questdb.query('DROP TABLE session_events');
    };
    const batch = batchOf('session_events', eventRow(1), eventRow(2));
    const error = await errorOf(sink.write(batch, NEVER));
    expect(error).toBeInstanceOf(NeedsOperatorError);
    expect(error.message).toContain('has no DEDUP');
    expect(await errorOf(sink.write(batch, NEVER))).toBeInstanceOf(NeedsOperatorError);
    await questdb.query('RENAME TABLE session_events TO session_events_old');
    await sink.write(batch, NEVER);
    await sink.write(batch, NEVER);
    expect(await questdb.count('session_events')).toBe(2);
  });

  it('that another one makes anew: rows that QuestDB takes and forgets do not count', async () => {
    const proxy = await questdb.proxy();
    const [sink, another] = [await questdb.startedSink({ url: proxy.url }), await questdb.startedSink()];
    const batch = batchOf('session_events', eventRow(1));
    await sink.write(batch, NEVER);
    await questdb.query('DROP TABLE session_events');
    await another.start(NEVER);
    // The connection between proxy and QuestDB still has the table that was dropped.
    const error = await errorOf(sink.write(batch, NEVER));
    expect(error.message).toBe('QuestDB took rows for table session_events that are not in it');
    await sink.write(batch, NEVER);
    expect(await questdb.count('session_events')).toBe(1);
  });

  it('whose type of a column is changed later: the first row that it does not fit is named', async () => {
    const sink = await questdb.startedSink();
    await questdb.query('ALTER TABLE session_events ALTER COLUMN message TYPE LONG');
    await questdb.query("SELECT wait_wal_table('session_events')");
    const rows = [
      eventRow(1, { userAgent: 'two\nlines\n\n"' }),
      eventRow(2, { user: { directory: '\r\n\\\n', id: '\n\n' } }),
      eventRow(3, { message: 'not a number' }),
      eventRow(4),
    ];
    const error = await errorOf(sink.write(batchOf('session_events', ...rows), NEVER));
    expect(error).toBeInstanceOf(PoisonRowError);
    expect(error).toMatchObject({
      place: 2,
      message: expect.stringContaining('column: message; cast error'),
    });
    expect(await questdb.count('session_events')).toBe(0);
  });

  // The last one: from then on `tables()` may be wrong.
  it('that are renamed as rows arrive are made again, though QuestDB goes on telling of them', async () => {
    const sink = await questdb.startedSink();
    for (let round = 0; round < 8; round += 1) {
      await sink.write(batchOf('sessions', sessionRow('a'), sessionRow('b')), NEVER);
      await questdb.query(`ALTER TABLE sessions SET TTL ${30 + round} DAYS`);
      await questdb.query(`RENAME TABLE sessions TO sessions_${round}`);
      await sink.write(batchOf('sessions', sessionRow('c')), NEVER);
      const [keys] = await questdb.query(
        "SELECT count() AS n FROM table_columns('sessions') WHERE upsertKey",
      );
      expect(keys).toEqual({ n: 4 });
    }
  });
});
