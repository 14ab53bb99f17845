import { randomUUID } from 'node:crypto';
import { afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { NOON } from '../rows-under-test.ts';
import { questDbQuery, sharedQuestDb } from './server.ts';

/*
 * What the sink builds on, asked of QuestDB itself: a newer one that does otherwise fails here first.
 */

const questdb = inject('questdb');
let url: string;
const made: string[] = [];

function query(sql: string): Promise<Record<string, unknown>[]> {
  return questDbQuery(url, sql);
}

/** Makes a table of its own; returns its name. */
async function newTable(columns: string, keys: string, ttl = 'TTL 365 DAYS'): Promise<string> {
  const name = `facts_${randomUUID().replaceAll('-', '')}`;
  made.push(name);
  await makeTable(name, columns, keys, ttl);
  return name;
}

async function makeTable(name: string, columns: string, keys: string, ttl = ''): Promise<void> {
  await query(
    `CREATE TABLE ${name} (ts TIMESTAMP, ${columns}) TIMESTAMP(ts) PARTITION BY DAY ${ttl} WAL DEDUP UPSERT KEYS(ts, ${keys})`,
  );
}

async function write(lines: string): Promise<{ readonly status: number; readonly text: string }> {
  const answer = await fetch(`${url}/write`, { method: 'POST', body: lines });
  return { status: answer.status, text: await answer.text() };
}

async function rowsOf(table: string): Promise<Record<string, unknown>[]> {
  await query(`SELECT wait_wal_table('${table}')`);
  return query(`SELECT * FROM ${table}`);
}

describe.skipIf(questdb === null)('QuestDB', () => {
  beforeAll(async () => {
    if (questdb !== null) url = await sharedQuestDb(questdb);
  });
  afterEach(async () => {
    for (const name of made.splice(0).reverse()) {
      await query(`DROP VIEW IF EXISTS ${name}_view`);
      await query(`DROP TABLE IF EXISTS ${name}`);
    }
  });

  it('has the same rows after the same request twice, also with a UUID and null in the keys', async () => {
    const table = await newTable('id UUID, name VARCHAR, n LONG', 'id, name');
    const id = randomUUID();
    const lines = `${table} id="${id}",name="a",n=1i ${NOON}000t\n${table} id="${id}",n=2i ${NOON}000t\n`;
    expect([await write(lines), await write(lines)]).toEqual([
      { status: 204, text: '' },
      { status: 204, text: '' },
    ]);
    const rows = (await rowsOf(table)).map((row) => [row['id'], row['name'], row['n']]);
    expect(rows.toSorted((a, b) => Number(a[2]) - Number(b[2]))).toEqual([
      [id, 'a', 1],
      [id, null, 2],
    ]);
  });

  it('replaces a whole row: what the second does not have is null', async () => {
    const table = await newTable('id VARCHAR, n LONG', 'id');
    await write(`${table} id="a",n=1i ${NOON}000t\n`);
    await write(`${table} id="a" ${NOON}000t\n`);
    expect(await rowsOf(table)).toMatchObject([{ id: 'a', n: null }]);
  });

  it('names the first bad line of a request, from 1, and takes nothing of it', async () => {
    const table = await newTable('id VARCHAR, n LONG', 'id');
    const good = `${table} id="line\\\nbreaks\\\n",n=1i ${NOON}000t\n`;
    const bad = `${table} id="a",n="text" ${NOON}000t\n`;
    const { status, text } = await write(good + bad + bad);
    expect(status).toBe(400);
    expect(JSON.parse(text)).toEqual({
      code: 'invalid',
      message:
        'failed to parse line protocol:errors encountered on line(s):\n' +
        `error in line 2: table: ${table}, column: n; cast error from protocol type: STRING to column type: LONG`,
      line: 2,
      errorId: expect.any(String),
    });
    expect(await rowsOf(table)).toEqual([]);
  });

  it('answers 500 to a row of the year 10000, which will never go better', async () => {
    const table = await newTable('id VARCHAR', 'id');
    expect(await write(`${table} id="a" ${Date.UTC(10_000, 0, 1)}000t\n`)).toMatchObject({ status: 500 });
  });

  it('has views over tables with DEDUP', async () => {
    const table = await newTable('id VARCHAR, n LONG', 'id');
    await query(
      `CREATE OR REPLACE VIEW ${table}_view AS (SELECT id AS "theId", n FROM ${table} WHERE n != 2)`,
    );
    await write(`${table} id="a",n=1i ${NOON}000t\n${table} id="b",n=2i ${NOON}000t\n`);
    await rowsOf(table);
    expect(await query(`SELECT * FROM ${table}_view`)).toEqual([{ theId: 'a', n: 1 }]);
  });

  it('lets go of days older than the TTL', async () => {
    const table = await newTable('id VARCHAR', 'id', 'TTL 7 DAYS');
    await write(`${table} id="old" ${NOON - 9 * 86_400_000}000t\n`);
    await rowsOf(table);
    await write(`${table} id="new" ${NOON}000t\n`);
    expect(await rowsOf(table)).toMatchObject([{ id: 'new' }]);
  });

  it('adds and fills a column, and changes the keys of a table, in the order in which it is told', async () => {
    const table = await newTable('id VARCHAR, store VARCHAR, n LONG', 'id, store');
    await write(`${table} id="a",store="one",n=1i ${NOON}000t\n`);
    await query(`ALTER TABLE ${table} ADD COLUMN site VARCHAR`);
    await query(`UPDATE ${table} SET site = 'berlin' WHERE store = 'one' AND site IS NULL`);
    await query(`ALTER TABLE ${table} DEDUP ENABLE UPSERT KEYS(ts, site, id)`);
    await write(`${table} id="a",store="two",site="berlin",n=2i ${NOON}000t\n`);
    await write(`${table} id="a",store="two",site="paris",n=3i ${NOON}000t\n`);
    const rows = (await rowsOf(table)).map(({ store, site, n }) => [store, site, n]);
    expect(rows.toSorted((a, b) => Number(a[2]) - Number(b[2]))).toEqual([
      ['two', 'berlin', 2],
      ['two', 'paris', 3],
    ]);
  });

  it('makes a table without DEDUP of rows for one that is not there', async () => {
    const table = `facts_${randomUUID().replaceAll('-', '')}`;
    made.push(table);
    expect(await write(`${table} id="a" ${NOON}000t\n`)).toMatchObject({ status: 204 });
    expect(await query(`SELECT count() AS n FROM table_columns('${table}') WHERE upsertKey`)).toEqual([
      { n: 0 },
    ]);
  });

  it('gives a table that is made again another id, and counts the requests that it took', async () => {
    const stateOf = async (name: string) => {
      const sql = `SELECT c.oid, w.sequencerTxn FROM pg_class c JOIN wal_tables() w ON w.name = c.relname WHERE c.relname = '${name}'`;
      const [row] = await query(sql);
      return [Number(row?.['oid']), Number(row?.['sequencerTxn'])] as const;
    };
    const table = await newTable('id VARCHAR', 'id');
    const [id, none] = await stateOf(table);
    await write(`${table} id="a" ${NOON}000t\n`);
    await write(`${table} id="a" ${NOON}000t\n`);
    expect(await stateOf(table)).toEqual([id, none + 2]);
    await query(`DROP TABLE ${table}`);
    await makeTable(table, 'id VARCHAR', 'id');
    expect((await stateOf(table))[0]).toBeGreaterThan(id);
  });
});
