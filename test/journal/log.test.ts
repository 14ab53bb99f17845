import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openJournalFile } from '../../src/journal/journal-file.ts';
import { beginLogAnew } from '../../src/journal/write/log.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'headcount-log-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('a log that another program reads is not begun anew, and that is said', () => {
  const database = openJournalFile(folder, 0);
  const reader = openJournalFile(folder, 0);
  try {
    database.exec("PRAGMA busy_timeout = 1; INSERT INTO meta VALUES ('a', '1')");
    reader.exec('BEGIN; SELECT * FROM meta');
    expect(() => beginLogAnew(database)).toThrow('another program reads the store');
    reader.exec('COMMIT');
    beginLogAnew(database);
  } finally {
    reader.close();
    database.close();
  }
});

const hasQuota = spawnSync('prlimit', ['--fsize=1000000:unlimited', 'true']).status === 0;

it.skipIf(!hasQuota)('a file that cannot be written to is said, although commits to the log go on', () => {
  const database = openJournalFile(folder, 0);
  database.exec('CREATE TABLE room (bytes); INSERT INTO room VALUES (zeroblob(2000000))');
  database.close();
  // The log may have a megabyte, and the file would need more.
  const { stdout, stderr } = spawnSync(
    'prlimit',
    ['--fsize=1000000:unlimited', process.execPath, '--input-type=module', '--eval', WRITING, folder],
    { encoding: 'utf8' },
  );
  expect([stdout, stderr]).toEqual(['committed\ndisk I/O error (SQLite 778)\n', '']);
});

const source = (file: string) => JSON.stringify(join(import.meta.dirname, '../../src/journal', file));
const WRITING = `
import { databaseTrouble, openJournalFile } from ${source('journal-file.ts')};
import { writeLogBack } from ${source('write/log.ts')};
const database = openJournalFile(process.argv[1], 0);
database.exec('PRAGMA wal_autocheckpoint = 1; INSERT INTO room VALUES (zeroblob(20000))');
console.log('committed');
try {
  writeLogBack(database);
} catch (error) {
  console.log(databaseTrouble(error));
}`;
