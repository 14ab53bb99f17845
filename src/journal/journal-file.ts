import { randomBytes } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { FORMAT, LOGS, TABLES } from './schema.ts';

/** The journal's file cannot be used: another format, damaged, or not ours. The message is one clear line. */
export class JournalError extends Error {}

export function journalFile(directory: string): string {
  return join(directory, 'headcount.db');
}

/**
 * Opens the journal's file in `directory`, creating both where they are missing.
 * @throws JournalError where there is a file that is not a journal of this format; it is left as it is.
 */
export function openJournalFile(directory: string, now: number): DatabaseSync {
  mkdirSync(directory, { recursive: true });
  const file = journalFile(directory);
  let database: DatabaseSync | null = null;
  try {
    // Before SQLite opens it: opening alone may already change a file, or the log beside it.
    checkJournalFile(file);
    database = new DatabaseSync(file);
    prepareTables(database, now);
    configure(database);
    return database;
  } catch (error) {
    database?.close();
    throw new JournalError(`${file}: ${databaseTrouble(error)}`);
  }
}

const MAGIC = 'SQLite format 3\0';
/** https://sqlite.org/fileformat2.html#the_database_header */
const HEADER_BYTES = 100;
const USER_VERSION_AT = 60;
const APPLICATION_ID_AT = 68;
/** "HdCt" */
const APPLICATION_ID = 0x48644374;

/** @throws JournalError where there is a file that is not a journal of this format */
export function checkJournalFile(file: string): void {
  const header = Buffer.alloc(HEADER_BYTES);
  let read = 0;
  try {
    const handle = openSync(file, 'r');
    read = readSync(handle, header);
    closeSync(handle);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return;
    throw error;
  }
  if (read === 0) return;
  if (read < HEADER_BYTES || header.toString('latin1', 0, MAGIC.length) !== MAGIC) {
    throw new JournalError('not a database, or damaged; nothing was changed');
  }
  if (header.readUInt32BE(APPLICATION_ID_AT) !== APPLICATION_ID) {
    throw new JournalError('a database of another program; nothing was changed');
  }
  const format = header.readUInt32BE(USER_VERSION_AT);
  if (format === FORMAT) return;
  throw new JournalError(
    `format ${format}, this version of Headcount reads format ${FORMAT}; nothing was changed`,
  );
}

const MOST_LOG_BYTES = 64 * 1_048_576;

/** For writers: a commit is on the disk when it returns. */
export function configure(database: DatabaseSync): void {
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 10000');
  database.exec('PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY; PRAGMA wal_autocheckpoint = 4000');
  // A long read may make the log large; the disk gets that back.
  database.exec(`PRAGMA journal_size_limit = ${MOST_LOG_BYTES}`);
}

/** Makes the tables that are missing; those of a new file before it has a write-ahead log: the header must be in the file itself. */
function prepareTables(database: DatabaseSync, now: number): void {
  const tables = Number(database.prepare('SELECT count(*) AS n FROM sqlite_master').get()?.['n']);
  if (tables > 0) {
    // Of a version before there were sinks.
    database.exec(LOGS);
    return;
  }
  const insert = 'INSERT INTO meta (key, value) VALUES (?, ?)';
  database.exec(`BEGIN; ${TABLES}${LOGS}`);
  database.prepare(insert).run('store', randomBytes(6).toString('hex'));
  database.prepare(insert).run('since', String(now));
  database.exec(`PRAGMA user_version = ${FORMAT}; PRAGMA application_id = ${APPLICATION_ID}; COMMIT`);
}

/** https://sqlite.org/rescode.html */
const IO_ERROR = 10;
const CORRUPT = 11;
const FULL = 13;
const NOT_A_DATABASE = 26;
/** No room for the -shm file. */
const SHARED_MEMORY_SIZE = 4_874;

/** What SQLite raised, in words that say what to do about it where there is something to do. */
export function databaseTrouble(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  if (!(error instanceof Error && 'errcode' in error && typeof error.errcode === 'number')) return message;
  if (error.errcode === SHARED_MEMORY_SIZE) return `${message}: make room on the disk`;
  switch (error.errcode & 0xff) {
    case CORRUPT:
    case NOT_A_DATABASE:
      return `damaged (${message}); put a backup in its place, or move the store away`;
    case FULL:
      return `${message}: make room on the disk`;
    case IO_ERROR:
      // The number tells a quota from a broken disk; the words do not.
      return `${message} (SQLite ${error.errcode})`;
    default:
      return message;
  }
}

/** Another process uses the same store. */
export class StoreInUseError extends Error {}

/**
 * Keeps a second Headcount out of the store: two of them would give the same numbers to different events.
 * The lock is SQLite's own, on a file beside the journal, so it ends with the process however that ends.
 * @returns what gives the lock back
 * @throws StoreInUseError
 */
export function lockStore(directory: string): () => void {
  mkdirSync(directory, { recursive: true });
  const file = join(directory, 'headcount.lock');
  const database = new DatabaseSync(file);
  try {
    // Nothing is written, so that a full disk is no matter.
    database.exec('PRAGMA journal_mode = MEMORY; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if (!isBusy(error)) throw new Error(`${file}: ${error instanceof Error ? error.message : String(error)}`);
    throw new StoreInUseError(`the store ${directory} is in use by another Headcount`);
  }
  return () => database.close();
}

const SQLITE_BUSY = 5;

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY;
}
