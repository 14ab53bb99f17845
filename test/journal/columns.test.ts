import { readdirSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { journalFile } from '../../src/journal/journal-file.ts';
import { EVENT, EVENT_TEXTS, EVENTS } from '../../src/journal/schema/events.ts';
import { POINT, POINTS } from '../../src/journal/schema/points.ts';
import { OLDEST_FORMAT } from '../../src/journal/schema/schema.ts';
import { CONNECTION, CONNECTIONS, SESSION, SESSIONS } from '../../src/journal/schema/sessions.ts';
import { SCHEMA } from '../../src/journal/schema/upgrade.ts';
import { folderOf, STORES } from './stores/stored-answers.ts';

describe('the columns of a table', () => {
  it.each([
    ['events', EVENTS.names, [...EVENT.names, ...EVENT_TEXTS.map(({ name }) => name)]],
    ['sessions', [...SESSIONS.names, 'host_bit', 'proxy_bit'], SESSION.names],
    ['connections', CONNECTIONS.names, CONNECTION.names],
    [
      'points',
      POINTS.names.filter((name) => name !== 'step'),
      POINT.names.filter((name) => name !== 'is_news'),
    ],
  ])('are all written, in the order of the list: %s', (_, columns, written) => {
    expect(written).toEqual(columns);
  });

  it('came with a format that is no later than that of now', () => {
    const later = [1, 2, 3].flatMap((more) => additions(SCHEMA.format + more));
    expect(later, 'raise FORMAT in src/journal/schema/schema.ts').toEqual([]);
    expect(additions(OLDEST_FORMAT), 'what came with the oldest format cannot be missing').toEqual([]);
  });

  it.each(readdirSync(STORES))('of which a store of %s has none say with which format they came', (store) => {
    const format = Number(store.replace('format-', ''));
    const there = new Set(columnsOf(openKept(format)));
    const laterFormats = Array.from({ length: SCHEMA.format - format }, (_, n) => format + n + 1);
    const laterTables = new Set(laterFormats.flatMap(additions));
    const missing = columnsOf(emptyStore(format)).filter(
      (column) => !there.has(column) && !laterTables.has(column.replace(/\..*/, '')),
    );
    expect(missing, 'a column of a later format needs since and default').toEqual([]);
  });

  it('have a default, where they came later and cannot be null', () => {
    const later = Array.from({ length: SCHEMA.format - OLDEST_FORMAT }, (_, n) => n + OLDEST_FORMAT + 1);
    const bare = later.flatMap(statements).filter((sql) => /ADD.* NOT NULL(?! DEFAULT)/.test(sql));
    expect(bare.map(nameOf), 'a column of a later format needs since and default').toEqual([]);
  });
});

const statements = (format: number) => SCHEMA.tables.flatMap((table) => table.additions(format));
const additions = (format: number) => statements(format).map(nameOf);

/** What a statement adds: `sessions.client_host`, or a table. */
function nameOf(statement: string): string {
  const [, table = statement, column] = /TABLE (\w+)(?: ADD COLUMN (\w+))?/.exec(statement) ?? [];
  return column === undefined ? table : `${table}.${column}`;
}

function emptyStore(format: number): DatabaseSync {
  const database = new DatabaseSync(':memory:');
  for (const table of SCHEMA.tables) database.exec(table.create(format));
  return database;
}

/** Immutable, so that SQLite puts no files beside it. */
function openKept(format: number): DatabaseSync {
  return new DatabaseSync(new URL('?immutable=1', pathToFileURL(journalFile(folderOf(format)))), {
    readOnly: true,
  });
}

/** Such as `sessions.client_host`. */
function columnsOf(database: DatabaseSync): string[] {
  const found = database
    .prepare(
      "SELECT t.name || '.' || c.name AS name FROM sqlite_master t, pragma_table_info(t.name) c WHERE t.type = 'table'",
    )
    .all();
  database.close();
  return found.map(({ name }) => String(name));
}
