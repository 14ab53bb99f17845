import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { poisonRows } from '../long/poison-rows.ts';
import { QuestDbServer } from '../sinks/questdb/server.ts';
import { Program, ProgramFolder, until } from './program.ts';
import { APP, countOf, delivered, headcount, items, post, sinksOf } from './program-with-sink.ts';

const jar = inject('questdb')?.jar ?? null;

let folder: ProgramFolder;
let program: Program;
beforeEach(() => {
  folder = new ProgramFolder();
});
afterEach(async () => {
  await program?.stop();
  folder.dispose();
});

it('the console sink prints every row as a line of JSON', async () => {
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

it('a sink that is away disturbs neither readiness nor another sink, and says so', async () => {
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
  const count = (sql: string) => countOf(server, sql);

  it('rows that it can never take are set aside, and taken when they are tried again after the repair', async () => {
    expect(await poisonRows(server, 20_000, 1_000)).toEqual([]);
  });

  it('Headcounts of two sites that get the same lines keep their rows apart', async () => {
    const other = new ProgramFolder();
    try {
      for (const [each, site] of [
        [folder, 'berlin'],
        [other, 'paris'],
      ] as const) {
        each.write(`sinks: [ ${sink()} ]\nsite: ${site}\n`);
      }
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

  it('a table that was lost comes back with everything since then', async () => {
    folder.write(`sinks: [ ${sink()} ]`);
    program = await Program.start(folder);
    await post(program, items(500));
    await delivered(program, 500);
    await server.query('DROP TABLE session_events');
    expect(await headcount(folder, 'resend', 'questdb', '--from', '1h')).toMatch(/once more/);
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

  it('rows wait on the disk while it is away, through a restart of Headcount', async () => {
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
    const { items: known } = await program.get<{ items: { eventId: string }[] }>('/api/v1/events?limit=1');
    const store = known[0]?.eventId.split('-')[0];
    expect(await count(`SELECT count() FROM session_events WHERE store = '${store}'`)).toBe(300);
  });
});
