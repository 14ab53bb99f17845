import { hash } from 'node:crypto';
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { JournalError, journalFile } from '../../src/journal/journal-file.ts';
import { recoverFile } from '../../src/journal/recover-file.ts';
import { FORMAT } from '../../src/journal/schema/schema.ts';
import { Site } from '../../src/sessions/site.ts';
import { applyVisits } from '../delivery/visits.ts';
import { EPOCH, SETTINGS } from '../sessions/model/event-arbitrary.ts';
import { StoredSite } from './stored-site.ts';

const PAGE_BYTES = 4_096;
const USER_VERSION_AT = 60;

let folder: string;
let file: string;
let log: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'headcount-damaged-'));
  file = journalFile(folder);
  log = `${file}-wal`;
});
afterEach(() => rmSync(folder, { recursive: true }));

/** The file and the log of a Headcount that was killed: 300 visits, the last 100 of them in the log alone. */
function killed(copy: (from: string, database: DatabaseSync) => void): void {
  const stored = new StoredSite(SETTINGS);
  applyVisits(stored, 200, EPOCH);
  stored.database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  applyVisits(stored, 100, EPOCH + 300_000);
  copy(journalFile(stored.directory), stored.database);
  stored.dispose();
}

function copyBoth(from: string): void {
  copyFileSync(from, file);
  copyFileSync(`${from}-wal`, log);
}

function damage(change: (bytes: Buffer) => Buffer | undefined): void {
  const bytes = readFileSync(file);
  writeFileSync(file, change(bytes) ?? bytes);
}

/** One line that names the file and holds `words`; not a byte of file and log is changed. */
function expectRefused(words: RegExp): void {
  const files = () => {
    const names = readdirSync(folder).filter((name) => !name.endsWith('-shm'));
    return names.sort().map((name) => [name, hash('sha256', readFileSync(join(folder, name)))]);
  };
  const before = files();
  let said = 'it was opened';
  try {
    recoverFile(folder, EPOCH, new Site(SETTINGS));
  } catch (error) {
    expect(error).toBeInstanceOf(JournalError);
    said = String(error instanceof Error ? error.message : error);
  }
  expect.soft(said).toMatch(words);
  expect.soft(said).toContain(file);
  expect.soft(said).not.toContain('\n');
  expect.soft(files()).toEqual(before);
}

describe('a journal that was killed is left as it is, with its log,', () => {
  beforeEach(() => killed(copyBoth));

  it('where it lost its end', () => {
    damage((bytes) => bytes.subarray(0, PAGE_BYTES * 5 + 100));
    // The log says how large it has to be.
    expectRefused(/damaged|malformed/);
  });

  it('where it is garbage', () => {
    damage((bytes) => bytes.fill('garbage!'));
    expectRefused(/not a database/);
  });

  it('where it is empty', () => {
    damage(() => Buffer.alloc(0));
    expectRefused(/only the log/);
  });

  it('where it is missing', () => {
    rmSync(file);
    expectRefused(/only the log/);
    expect(readdirSync(folder)).toEqual(['headcount.db-wal']);
  });

  it('where it is of a newer version', () => {
    damage((bytes) => {
      bytes.writeUInt32BE(FORMAT + 1, USER_VERSION_AT);
      return bytes;
    });
    expectRefused(new RegExp(`format ${FORMAT + 1}, this version of Headcount reads format ${FORMAT}`));
  });

  it('where the log is that of another journal', () => {
    killed((from) => copyFileSync(`${from}-wal`, log));
    expectRefused(/the log beside it \(-wal\) is that of another journal/);
  });
});

it('a backup is not mixed with the log of the file in whose place it was put', () => {
  killed((from, database) => {
    database.prepare('VACUUM INTO ?').run(file);
    copyFileSync(`${from}-wal`, log);
  });
  expectRefused(/damaged|another journal/);
});

it('a journal that was stopped is left as it is where a page is damaged', () => {
  let page = 0;
  killed((from, database) => {
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    const root = "SELECT rootpage FROM sqlite_master WHERE name = 'sessions'";
    page = Number(database.prepare(root).get()?.['rootpage']);
    copyFileSync(from, file);
  });
  damage((bytes) => bytes.fill('garbage!', (page - 1) * PAGE_BYTES, page * PAGE_BYTES));
  expectRefused(/damaged \(database disk image is malformed\)/);
});

it('a journal that lost its log is as it was when that was begun', () => {
  killed((from) => copyFileSync(from, file));
  const recovered = recoverFile(folder, EPOCH, new Site(SETTINGS));
  expect(recovered.nextSeq).toBe(401);
});

it('a journal that was killed is read back whole', () => {
  killed(copyBoth);
  expect(recoverFile(folder, EPOCH, new Site(SETTINGS)).nextSeq).toBe(601);
});
