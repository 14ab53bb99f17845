import { describe, expect, it } from 'vitest';
import { questDbSchema } from '../../../sinks/questdb/questdb.schema.ts';
import { questDbSink } from '../../../sinks/questdb/questdb.ts';
import { NeedsOperatorError, TABLES } from '../../../src/contract/sink.ts';
import { until } from '../../program/program.ts';
import { NEVER } from '../rows-under-test.ts';
import { canStartQuestDb, OwnQuestDb } from './own-questdb.ts';

describe.skipIf(!canStartQuestDb)('a look at QuestDB', () => {
  const questdb = new OwnQuestDb();
  const look = (more: object = {}) => {
    const settings = { type: 'questdb', url: questdb.server.url, ...questdb.credentials, ...more };
    const looked = questDbSink.examine?.(questDbSchema.parse(settings), '.', NEVER);
    return Promise.resolve(looked).catch((error: Error) => {
      expect(error).toBeInstanceOf(NeedsOperatorError);
      return error.message;
    });
  };

  it('says which tables are made at the start, and makes none', async () => {
    expect(await look()).toEqual(
      TABLES.map((table) => `table ${table} is not there yet; it is made when Headcount starts`),
    );
    expect(await questdb.query('SELECT table_name FROM tables()')).toEqual([]);
  });

  it('is content with tables that are as they must be, also where a column is yet to come, which it does not add', async () => {
    await questdb.startedSink();
    const columns = async () => {
      const rows = await questdb.query(`SELECT "column" FROM table_columns('sessions')`);
      return rows.map(({ column }) => column);
    };
    await questdb.query('ALTER TABLE sessions DROP COLUMN os');
    // It is dropped a moment later.
    await until(columns, (names) => !names.includes('os'));
    expect(await look()).toEqual([]);
    expect(await columns()).not.toContain('os');
  });

  it('says that a table of an earlier version gets other keys, which it does not change', async () => {
    await questdb.startedSink();
    const former = 'first_seen_at, store, session_id, host';
    await questdb.query(`ALTER TABLE sessions DEDUP ENABLE UPSERT KEYS(${former})`);
    const note = 'table sessions gets the keys of this version when Headcount starts';
    await until(look, (notes) => notes?.includes(note) === true);
    expect(await look()).toEqual([note]);
  });

  it('says that a table is another one, or suspended, and that the password is wrong', async () => {
    await questdb.query(
      'CREATE TABLE sessions (first_seen_at TIMESTAMP) TIMESTAMP(first_seen_at) PARTITION BY DAY WAL',
    );
    expect(await look()).toContain('table sessions in QuestDB has no DEDUP');
    await questdb.query('DROP TABLE sessions');
    await questdb.startedSink();
    await questdb.query('ALTER TABLE sessions SUSPEND WAL');
    expect(await look()).toContain('table sessions is suspended');
    expect(await look({ password: 'another' })).toContain('refuses the credentials');
    const away = { url: 'https://127.0.0.1:1', tls: { ca: 'gone.pem' } };
    expect(await look(away)).toContain('cannot read tls.ca');
  });
});
