import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { QuestDbServer } from '../sinks/questdb/server.ts';
import { Program, ProgramFolder, until } from './program.ts';
import { eventsOfBoth, sessionsOfBoth } from './same-tables.ts';
import { sendByTcp, simulateDay } from './simulated-day.ts';

const jar = inject('questdb')?.jar ?? null;

interface Ingest {
  accepted: number;
  inFlight: number;
  sinks: {
    pending: number;
    deadLettered: number;
    tables: { table: string; delivered: number; rows: number }[];
  }[];
}

describe.skipIf(jar === null)('after a day with loss, duplicates and reorder', () => {
  const folder = new ProgramFolder();
  let server: QuestDbServer;
  let program: Program;
  let accepted = 0;
  const sql = (text: string) => server.query(text);

  beforeAll(async () => {
    server = await QuestDbServer.start(jar ?? '');
    folder.write(`
blacklist:
  - { directory: NONE }
apps: {}
sinks:
  - { type: questdb, url: "${server.url}", interval: 50ms, batchSize: 700 }
`);
    program = await Program.start(folder);
    const lines = simulateDay(Date.now() - 60_000);
    await sendByTcp(program.tcpPort, lines);
    const ingest = await until(
      () => program.get<Ingest>('/api/v1/ingest'),
      ({ inFlight, sinks: [sink] }) =>
        inFlight === 0 &&
        sink?.pending === 0 &&
        (sink.tables[0]?.rows ?? 0) > 0 &&
        (sink.tables[1]?.rows ?? 0) > 0,
      60_000,
    );
    accepted = ingest.accepted;
    expect(accepted).toBeGreaterThan(4_000);
    expect(ingest.sinks[0]).toMatchObject({ pending: 0, deadLettered: 0 });
  }, 120_000);

  afterAll(async () => {
    await program?.stop();
    await server?.dispose();
    folder.dispose();
  });

  /** Waits until QuestDB has applied what it took. */
  async function settled(table: string): Promise<void> {
    await server.settled(table, `SELECT count() FROM ${table}`);
  }

  it('every event is in both, word for word', async () => {
    await settled('session_events');
    const { api, sql: rows } = await eventsOfBoth(program, sql);
    expect(rows.length).toBe(accepted);
    expect(rows).toEqual(api);
  });

  it('every session is in both, as it ended', async () => {
    const both = await until(
      async () => {
        await settled('sessions');
        return sessionsOfBoth(program, sql);
      },
      ({ api, sql: rows }) => JSON.stringify(rows) === JSON.stringify(api),
    ).catch(() => sessionsOfBoth(program, sql));
    expect(both.sql).toEqual(both.api);
    expect(both.sql.length).toBeGreaterThan(500);
  });

  it('SQL and API agree on who is on', async () => {
    const [row] = await sql(
      'SELECT count() AS sessions, count_distinct(user_key) AS users, sum(open_connections) AS connections FROM active_sessions',
    );
    const { active } = await program.get<{ active: Record<string, number> }>('/api/v1/counts');
    expect(row).toEqual({
      sessions: active['sessions'],
      users: active['users'],
      connections: active['connections'],
    });
  });

  it('SQL and API agree on who was on at any moment', async () => {
    const [span] = await sql('SELECT min(started_at) AS first, max(last_activity_at) AS last FROM sessions');
    const [first, last] = [Date.parse(String(span?.['first'])), Date.parse(String(span?.['last']))];
    let found = 0;
    for (let n = 1; n < 10; n += 1) {
      const at = new Date(first + ((last - first) * n) / 10).toISOString();
      const { items } = await program.get<{ items: { id: string }[] }>(
        `/api/v1/sessions?at=${at}&limit=1000`,
      );
      const rows = await sql(
        `SELECT session_id FROM session_list WHERE started_at <= '${at}' AND (ended_at IS NULL OR ended_at > '${at}')`,
      );
      found += items.length;
      expect(rows.map((row) => row['session_id']).toSorted()).toEqual(items.map(({ id }) => id).toSorted());
    }
    expect(found).toBeGreaterThan(100);
  });

  it('SQL and API agree on what was created, destroyed and rejected, and on the latest counts', async () => {
    await settled('session_counts');
    const [sums] = await sql(
      "SELECT sum(created) AS created, sum(destroyed) AS destroyed, sum(rejected) AS rejected FROM session_counts WHERE scope = 'site'",
    );
    const counts =
      await program.get<Record<'created' | 'destroyed' | 'rejected', { total: number }>>('/api/v1/counts');
    expect(sums).toEqual({
      created: counts.created.total,
      destroyed: counts.destroyed.total,
      rejected: counts.rejected.total,
    });
    const latest = await sql(
      "SELECT name, active, connections FROM session_counts WHERE scope = 'host' AND active IS NOT NULL LATEST ON ts PARTITION BY store, scope, name",
    );
    const { hosts } = await program.get<{ hosts: { host: string; sessions: number; connections: number }[] }>(
      '/api/v1/counts',
    );
    expect(latest.toSorted((a, b) => String(a['name']).localeCompare(String(b['name'])))).toEqual(
      hosts.map(({ host, sessions, connections }) => ({ name: host, active: sessions, connections })),
    );
  });

  it('the view under the old names has every event of the four kinds', async () => {
    const rows = await sql(
      'SELECT event_action, count() AS n FROM user_events GROUP BY event_action ORDER BY event_action',
    );
    expect(rows.map((row) => row['event_action'])).toEqual([
      'Close connection',
      'Open connection',
      'Start session',
      'Stop session',
    ]);
    expect(rows.reduce((sum, row) => sum + Number(row['n']), 0)).toBe(accepted);
  });
});
