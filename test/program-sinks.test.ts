import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { Program, ProgramFolder, until } from './program.ts';
import { QuestDbServer } from './questdb-server.ts';

const MAIN = resolve(import.meta.dirname, '../src/main.ts');
const APP = 'a421f4a2-c311-4ef4-ba41-fe2e6a2b0d69';
const run = promisify(execFile);
const jar = inject('questdb')?.jar ?? null;

interface SinkJson {
  readonly name: string;
  readonly up: boolean;
  readonly delivered: number;
  readonly pending: number;
  readonly deadLettered: number;
  readonly lagSeconds: number;
  readonly lastError: string | null;
  readonly tables: readonly {
    readonly table: string;
    readonly rows: number;
    readonly delivered: number;
    readonly pending: number;
  }[];
}

let folder: ProgramFolder;
let program: Program;
beforeEach(() => {
  folder = new ProgramFolder();
});
afterEach(async () => {
  await program?.stop();
  folder.dispose();
});

const items = (count: number, appIdOf: (n: number) => string = () => APP) =>
  Array.from({ length: count }, (_, n) => ({
    type: 'connection_open',
    user: { directory: 'LAB', id: `user${n % 100}` },
    host: 'node1',
    appId: appIdOf(n),
  }));

async function post(to: Program, events: readonly object[]): Promise<void> {
  for (let start = 0; start < events.length; start += 1_000) {
    const response = await fetch(`${to.api}/api/v1/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(events.slice(start, start + 1_000)),
    });
    expect(response.status).toBe(202);
  }
}

async function sinksOf(of: Program): Promise<readonly SinkJson[]> {
  return (await of.get<{ sinks: SinkJson[] }>('/api/v1/ingest')).sinks;
}

/** Waits until the first sink has been offered so many events and has nothing pending. */
function delivered(of: Program, events: number): Promise<readonly SinkJson[]> {
  return until(
    () => sinksOf(of),
    ([sink]) =>
      sink?.pending === 0 && (sink.tables[0]?.rows ?? 0) >= events && (sink.tables[1]?.rows ?? 0) > 0,
    60_000,
  );
}

async function headcount(...args: string[]): Promise<string> {
  const { stdout } = await run(process.execPath, [MAIN, ...args, '--config', folder.config]);
  return stdout;
}

test('the console sink prints every row as a line of JSON', async () => {
  folder.write('sinks: [ { type: console, interval: 10ms } ]');
  program = await Program.start(folder);
  await post(program, items(3));
  await delivered(program, 3);
  const rows = program.log.filter((line) => 'table' in line);
  expect(rows.filter(({ table }) => table === 'session_events')).toMatchObject([
    { kind: 'connection_open', seq: 1, appId: APP, user: { directory: 'LAB', id: 'user0' } },
    { seq: 2 },
    { seq: 3 },
  ]);
  expect(rows.some(({ table }) => table === 'sessions')).toBe(true);
});

test('a sink that is away disturbs neither readiness nor another sink, and says so', async () => {
  folder.write(
    'sinks:\n  - { type: questdb, url: "http://127.0.0.1:1", interval: 10ms }\n  - { type: console, interval: 10ms }',
  );
  program = await Program.start(folder);
  await post(program, items(5));
  const sinks = await until(
    () => sinksOf(program),
    ([, printed]) => printed?.tables[0]?.delivered === 5,
  );
  expect(sinks[0]).toMatchObject({ name: 'questdb', up: false, delivered: 0 });
  expect(sinks[0]?.lastError).toMatch(/nothing listens/);
  const ready = await program.get<{ status: string; detail: { sinks: object[] } }>('/readyz');
  expect(ready).toMatchObject({
    status: 'ok',
    detail: { sinks: [{ name: 'questdb', up: false }, { up: true }] },
  });
});

describe.skipIf(jar === null)('with a QuestDB', () => {
  let server: QuestDbServer;
  beforeAll(async () => {
    server = await QuestDbServer.start(jar ?? '');
  });
  afterAll(() => server.dispose());
  const sink = () => `{ type: questdb, url: "${server.url}", interval: 20ms }`;
  const count = async (sql: string): Promise<number> =>
    Number(Object.values((await server.query(sql))[0] ?? {})[0]);

  /** Resolves when it is done: QuestDB does it by and by. */
  async function alterAppId(type: 'UUID' | 'VARCHAR'): Promise<void> {
    await server.query(`ALTER TABLE session_events ALTER COLUMN app_id TYPE ${type}`);
    await until(
      () => server.query(`SELECT type FROM table_columns('session_events') WHERE "column" = 'app_id'`),
      ([column]) => column?.['type'] === type,
    );
  }

  test('rows that it can never take are set aside, and taken when they are tried again after the repair', async () => {
    folder.write(`sinks: [ ${sink()} ]`);
    program = await Program.start(folder);
    await until(
      () => server.query("SELECT table_name FROM tables() WHERE table_name = 'session_counts'"),
      (tables) => tables.length === 1,
    );
    // Somebody is sure that app ids are UUIDs.
    await alterAppId('UUID');
    await post(
      program,
      items(20_000, (n) => (n % 1_000 === 7 ? `app ${n}` : APP)),
    );
    expect(await delivered(program, 20_000)).toMatchObject([{ up: true, deadLettered: 20 }]);
    await server.settled('session_events', 'SELECT 1');
    expect(await count('SELECT count() FROM session_events')).toBe(19_980);
    expect(await headcount('dead-letters', 'list')).toMatch(/app_id.*\n(.*\n)*20 in all\n$/);

    await alterAppId('VARCHAR');
    expect(await headcount('dead-letters', 'retry', 'questdb')).toMatch(/^20 to be offered again/);
    // A connection may know the old type for a while.
    await until(
      async () => {
        await headcount('dead-letters', 'retry', 'questdb');
        return sinksOf(program);
      },
      ([each]) => each?.deadLettered === 0,
    );
    await server.settled('session_events', 'SELECT 1');
    expect(await count('SELECT count() FROM session_events')).toBe(20_000);
    expect(await count("SELECT count() FROM session_events WHERE app_id LIKE 'app %'")).toBe(20);
  });

  test('two Headcounts that get the same lines keep their rows apart', async () => {
    const other = new ProgramFolder();
    try {
      for (const each of [folder, other]) each.write(`sinks: [ ${sink()} ]`);
      program = await Program.start(folder);
      const second = await Program.start(other);
      const before = await count('SELECT count() FROM session_events');
      const same = items(50).map((item, n) => ({
        ...item,
        id: `same-${n}`,
        at: new Date(Date.now() - n).toISOString(),
      }));
      for (const each of [program, second]) await post(each, same);
      for (const each of [program, second]) await delivered(each, 50);
      await second.stop();
      await server.settled('session_events', 'SELECT 1');
      expect(await count('SELECT count() FROM session_events')).toBe(before + 100);
      const stores = await server.query(
        "SELECT store, count() AS n FROM session_events WHERE event_id LIKE 'same-%' GROUP BY store",
      );
      expect(stores.map(({ n }) => n)).toEqual([50, 50]);
    } finally {
      other.dispose();
    }
  });

  test('a table that was lost comes back with everything since then', async () => {
    folder.write(`sinks: [ ${sink()} ]`);
    program = await Program.start(folder);
    await post(program, items(500));
    await delivered(program, 500);
    await server.query('DROP TABLE session_events');
    expect(await headcount('resend', 'questdb', '--from', '1h')).toMatch(/once more/);
    await until(
      async () => ({
        n: await count('SELECT count() FROM session_events').catch(() => 0),
        sinks: await sinksOf(program),
      }),
      ({ n }) => n === 500,
      20_000,
    );
    await delivered(program, 500);
  });

  test('rows wait on the disk while it is away, through a restart of Headcount', async () => {
    folder.write(`sinks: [ ${sink()} ]`);
    program = await Program.start(folder);
    await post(program, items(100));
    await delivered(program, 100);
    await server.stop();
    await post(program, items(200));
    await until(
      () => sinksOf(program),
      ([each]) => each?.up === false && each.pending > 0,
    );
    await program.stop();
    program = await Program.start(folder);
    await server.restart();
    await delivered(program, 300);
    await server.settled('session_events', 'SELECT 1');
    const store = String(
      (await program.get<{ items: { id: string }[] }>('/api/v1/sessions?limit=1')).items[0]?.id.split('-')[0],
    );
    expect(await count(`SELECT count() FROM session_events WHERE store = '${store}'`)).toBe(300);
  });
});
