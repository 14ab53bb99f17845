import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { QuestDbServer } from '../sinks/questdb/server.ts';
import { Program, ProgramFolder, until } from './program.ts';
import { sinksOf } from './program-with-sink.ts';
import { sendByTcp, simulateDay } from './simulated-day.ts';

const jar = inject('questdb')?.jar ?? null;
const NO_FAULTS = { loss: 0, duplicate: 0, reorder: 0, reorderDelayMs: 0 };
const FAULTS = { ...NO_FAULTS, duplicate: 0.02 };

interface Ingest {
  readonly received: number;
  readonly inFlight: number;
}

/** Two machines of the site `berlin` and, beside them, one that is alone, and whose rows are what theirs have to be. */
describe.skipIf(jar === null)('two Headcounts of one site that write to one QuestDB', () => {
  const lines = simulateDay(Date.now() - 60_000, { faults: FAULTS, rate: 3_000 / 86_400 });
  const folders = new Map<string, ProgramFolder>();
  const programs = new Map<string, Program>();
  let server: QuestDbServer;

  async function start(name: string): Promise<void> {
    const folder = folders.get(name) ?? new ProgramFolder();
    folders.set(name, folder);
    const site = name === 'alone' ? 'alone' : 'berlin';
    folder.write(`sinks: [ { type: questdb, url: "${server.url}", interval: 20ms } ]\nsite: ${site}\n`);
    programs.set(name, await Program.start(folder));
  }

  function program(name: string): Program {
    const found = programs.get(name);
    if (found === undefined) throw new Error(`no ${name}`);
    return found;
  }

  async function send(some: readonly string[], ...names: readonly string[]): Promise<void> {
    await Promise.all(
      names.map(async (name) => {
        const { received } = await program(name).get<Ingest>('/api/v1/ingest');
        await sendByTcp(program(name).tcpPort, some);
        const isThere = (now: Ingest) => now.received === received + some.length && now.inFlight === 0;
        await until(() => program(name).get<Ingest>('/api/v1/ingest'), isThere);
      }),
    );
  }

  async function settle(...names: readonly string[]): Promise<void> {
    for (const name of names) {
      await program(name).get('/api/v1/sessions?limit=1');
      await until(
        () => sinksOf(program(name)),
        ([sink]) => sink?.up === true && sink.pending === 0,
        60_000,
      );
    }
    for (const table of ['session_events', 'sessions', 'session_counts'])
      await server.settled(table, 'SELECT 1');
  }

  const rowsOf = async (site: string) => {
    const sql = `SELECT host, user_key, started_at, ended_at, end_reason, end_exact, start_exact, connections, first_seen_at
      FROM sessions WHERE site = '${site}'`;
    return (await server.query(sql)).map((row) => JSON.stringify(row)).toSorted();
  };
  const ask = async (what: string, from: string, site: string) =>
    (await server.query(`SELECT ${what} AS n FROM ${from} WHERE site = '${site}'`))[0]?.['n'];

  async function expectSame(): Promise<void> {
    // What is delivered is said once a second.
    const isSame = async () => (await rowsOf('berlin')).join() === (await rowsOf('alone')).join();
    await until(isSame, (is) => is, 20_000).catch(() => {});
    expect((await rowsOf('berlin')).slice(0, 20)).toEqual((await rowsOf('alone')).slice(0, 20));
    expect(await isSame()).toBe(true);
    for (const [what, from] of [
      ['count()', 'session_events'],
      ['count(distinct event_id)', 'session_events'],
      ['count(distinct session_id)', 'session_events'],
      ['count()', 'user_events'],
      ['count()', 'active_sessions'],
      ['count()', 'session_list'],
      ['count(distinct session_id)', 'sessions'],
    ] as const) {
      expect([what, from, await ask(what, from, 'berlin')]).toEqual([
        what,
        from,
        await ask(what, from, 'alone'),
      ]);
    }
  }

  beforeAll(async () => {
    server = await QuestDbServer.start(jar ?? '');
    for (const name of ['alone', 'one', 'two']) await start(name);
  }, 120_000);
  afterAll(async () => {
    for (const each of programs.values()) await each.stop();
    for (const each of folders.values()) each.dispose();
    await server?.dispose();
  });

  it('leave there what one of them would have written', async () => {
    const distinct = new Set(lines).size;
    const half = Math.floor(lines.length / 2);
    await send(lines.slice(0, half), 'alone', 'one', 'two');
    await settle('alone', 'one', 'two');
    await expectSame();
    // One of them dies, and gets later what came meanwhile.
    await program('two').end('SIGKILL');
    await send(lines.slice(half), 'alone', 'one');
    await settle('alone', 'one');
    await expectSame();
    await start('two');
    await send(lines.slice(half), 'two');
    await settle('two');
    await expectSame();
    expect(await ask('count()', 'session_events', 'berlin')).toBe(distinct);
    const starts = new Set(lines.filter((line) => line.split(';')[4] === 'Start session')).size;
    expect(starts).toBeGreaterThan(100);
    expect(await ask('count()', 'sessions', 'berlin')).toBe(starts);
  }, 120_000);

  it('have counted what happened once, as a view says it', async () => {
    const created = async (site: string) =>
      (
        await server.query(
          `SELECT sum(created) AS created, sum(destroyed) AS destroyed FROM site_counts WHERE site = '${site}' AND scope = 'host'`,
        )
      )[0];
    expect(await created('berlin')).toEqual(await created('alone'));
    const stores = await server.query(
      "SELECT count(distinct store) AS n FROM session_counts WHERE site = 'berlin'",
    );
    expect(stores).toEqual([{ n: 2 }]);
  });

  it('call each session the same, and find it under what it is called in QuestDB', async () => {
    const [row] = await server.query("SELECT session_id FROM sessions WHERE site = 'berlin' LIMIT -1");
    const id = String(row?.['session_id']);
    for (const name of ['one', 'two']) {
      expect(await program(name).get(`/api/v1/sessions/${id}`)).toMatchObject({ id });
    }
    const { items } = await program('one').get<{ items: { id: string }[] }>('/api/v1/sessions?limit=50');
    const other = await program('two').get<{ items: { id: string }[] }>('/api/v1/sessions?limit=50');
    expect(new Set(other.items.map((item) => item.id))).toEqual(new Set(items.map((item) => item.id)));
  });

  it('leave the union of what each of them got, and say of which sessions one of them missed the Start', async () => {
    const some = simulateDay(Date.now() - 60_000, {
      seed: 12,
      faults: NO_FAULTS,
      rate: 800 / 86_400,
      run: 'b',
    });
    const before = Number(await ask('count()', 'session_events', 'berlin'));
    const known = await server.query("SELECT session_id FROM sessions WHERE site = 'berlin'");
    await Promise.all([
      send(
        some.filter((_, n) => n % 5 !== 0),
        'one',
      ),
      send(
        some.filter((_, n) => n % 5 !== 2),
        'two',
      ),
    ]);
    await settle('one', 'two');
    const count = () => ask('count()', 'session_events', 'berlin');
    await until(count, (now) => Number(now) >= before + some.length, 20_000);
    expect(await count()).toBe(before + new Set(some).size);
    const old = new Set(known.map((row) => row['session_id']));
    const starts = some.filter((line) => line.split(';')[4] === 'Start session').length;
    const fresh = async () => {
      const rows = await server.query("SELECT session_id, start_exact FROM sessions WHERE site = 'berlin'");
      return rows.filter((row) => !old.has(row['session_id']));
    };
    const exact = async () => (await fresh()).filter((row) => row['start_exact'] === true).length;
    // Sessions are written once a second.
    await until(exact, (found) => found >= starts, 20_000).catch(() => {});
    // Whoever leaves out those whose Start was missed has those that began, and no other.
    expect(await exact()).toBe(starts);
    expect((await fresh()).length).toBeGreaterThan(starts);
  }, 120_000);
});
