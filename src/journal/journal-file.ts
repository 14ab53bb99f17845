import { randomBytes } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { makePrivateFile, makeStoreFolder } from './private-store.ts';
import { META, OLDEST_FORMAT } from './schema/schema.ts';
import { createLogs, SCHEMA, type Schema, upgrade } from './schema/upgrade.ts';

/** The journal's file cannot be used: another format, damaged, or not ours. The message is one clear line. */
export class JournalError extends Error {}

export function journalFile(directory: string): string {
  return join(directory, 'headcount.db');
}

/**
 * Does something with the journal's file in `directory`.
 * @throws JournalError with the name of the file
 */
export function naming<T>(directory: string, use: () => T): T {
  try {
    return use();
  } catch (error) {
    throw new JournalError(`${journalFile(directory)}: ${databaseTrouble(error)}`);
  }
}

export interface OpeningOptions {
  readonly schema?: Schema | undefined;
  /** Gets a line about an upgrade before it begins, and one when it is done. */
  readonly say?: ((line: string) => void) | undefined;
  /** Looks at a store that was upgraded before that is committed; where this throws nothing was changed. */
  readonly check?: (database: DatabaseSync) => void;
}

/**
 * Opens the journal's file in `directory`, creating both where they are missing. A store of an earlier format is upgraded.
 * @throws JournalError where there is a file that cannot be used; it is left as it is. StoreFolderError
 */
export function openJournalFile(directory: string, now: number, options: OpeningOptions = {}): DatabaseSync {
  const { schema = SCHEMA } = options;
  makeStoreFolder(directory);
  const file = journalFile(directory);
  let database: DatabaseSync | null = null;
  try {
    // Before SQLite opens it: opening alone may already change a file, or the log beside it.
    checkJournalFile(file, schema);
    makePrivateFile(file);
    database = new DatabaseSync(file);
    const isNew = database.prepare('SELECT 1 FROM sqlite_master LIMIT 1').get() === undefined;
    // Before it has a write-ahead log: the header must be in the file itself.
    if (isNew) createTables(database, now, schema);
    configure(database);
    if (!isNew) bringUpToDate(database, schema, options);
    return database;
  } catch (error) {
    database?.close();
    throw new JournalError(`${file}: ${databaseTrouble(error)}`);
  }
}

/** A name that no other store has. */
export function newStoreId(): string {
  return randomBytes(6).toString('hex');
}

function createTables(database: DatabaseSync, now: number, { format, tables }: Schema): void {
  database.exec(`BEGIN; ${tables.map((table) => table.create(format)).join('\n')}`);
  const insert = database.prepare(META.insert(['key', 'value']));
  insert.run('store', newStoreId());
  insert.run('since', String(now));
  database.exec(`PRAGMA user_version = ${format}; PRAGMA application_id = ${APPLICATION_ID}; COMMIT`);
}

function bringUpToDate(database: DatabaseSync, schema: Schema, { say, check }: OpeningOptions): void {
  const from = checkFormat(formatOf(database), schema);
  if (from === schema.format) {
    createLogs(database, from);
    return;
  }
  say?.(`the store is of format ${from}; upgrading it to ${schema.format}`);
  const began = performance.now();
  try {
    database.exec('BEGIN IMMEDIATE');
    upgrade(database, from, schema);
    check?.(database);
    database.exec('COMMIT');
  } catch (error) {
    // Some errors (a full disk) have rolled back already.
    if (database.isTransaction) database.exec('ROLLBACK');
    const trouble = databaseTrouble(error);
    throw new JournalError(
      `not upgraded from format ${from} to ${schema.format}: ${trouble}; nothing was changed`,
    );
  }
  try {
    // So that the file itself says its format, for versions that look at no more.
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  } catch {
    // It is in the log then, and the writer tries again.
  }
  say?.(`upgraded to format ${schema.format} in ${Math.round(performance.now() - began)} ms`);
}

const MAGIC = 'SQLite format 3\0';
/** https://sqlite.org/fileformat2.html#the_database_header */
const HEADER_BYTES = 100;
const USER_VERSION_AT = 60;
const APPLICATION_ID_AT = 68;
/** "HdCt" */
const APPLICATION_ID = 0x48644374;

/** @throws JournalError where there is a file that is not a journal, or of a format that cannot be read */
export function checkJournalFile(file: string, schema: Schema): void {
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
  checkFormat(header.readUInt32BE(USER_VERSION_AT), schema);
}

/** As the log has it too, which the file itself may not yet. */
export function formatOf(database: DatabaseSync): number {
  return Number(database.prepare('PRAGMA user_version').get()?.['user_version']);
}

export function checkFormat(format: number, schema: Schema): number {
  if (format >= OLDEST_FORMAT && format <= schema.format) return format;
  const read = format > schema.format ? `format ${schema.format}` : `formats from ${OLDEST_FORMAT} on`;
  throw new JournalError(`format ${format}, this version of Headcount reads ${read}; nothing was changed`);
}

const MOST_LOG_BYTES = 64 * 1_048_576;

/** For writers: a commit is on the disk when it returns. */
export function configure(database: DatabaseSync): void {
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 10000');
  database.exec('PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY; PRAGMA wal_autocheckpoint = 4000');
  // A long read may make the log large; the disk gets that back.
  database.exec(`PRAGMA journal_size_limit = ${MOST_LOG_BYTES}`);
}

/** https://sqlite.org/rescode.html */
const IO_ERROR = 10;
/** Of those, what is about reading. */
const UNREADABLE: ReadonlySet<number> = new Set([266, 522, 8_458]);
const CORRUPT = 11;
const FULL = 13;
const NOT_A_DATABASE = 26;
/** No room for the -shm file. */
const SHARED_MEMORY_SIZE = 4_874;

const DISK_FIRST = "look for errors of the disk in the machine's log first";

/** What SQLite raised, in words that say what to do about it where there is something to do. */
export function databaseTrouble(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  if (!(error instanceof Error && 'errcode' in error && typeof error.errcode === 'number')) return message;
  if (error.errcode === SHARED_MEMORY_SIZE) return `${message}: make room on the disk`;
  switch (error.errcode & 0xff) {
    case CORRUPT:
    case NOT_A_DATABASE:
      // SQLite says the same of pages that the disk did not give back: then the store may be whole.
      return `damaged (${message}); put a backup in its place, or move the store away, but ${DISK_FIRST}`;
    case FULL:
      return `${message}: make room on the disk`;
    case IO_ERROR:
      // The number tells a quota from a broken disk; the words do not.
      return `${message} (SQLite ${error.errcode})${UNREADABLE.has(error.errcode) ? `; ${DISK_FIRST}` : ''}`;
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
 * @throws StoreInUseError, StoreFolderError
 */
export function lockStore(directory: string): () => void {
  makeStoreFolder(directory);
  const file = join(directory, 'headcount.lock');
  makePrivateFile(file);
  const database = new DatabaseSync(file);
  try {
    // Nothing is written, so that a full disk is no matter.
    database.exec('PRAGMA journal_mode = MEMORY; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if (!isBusy(error)) {
      const message = error instanceof Error ? error.message : String(error);
      throw new Error(`${file}: ${message}; it holds nothing, so delete it, but ${DISK_FIRST}`);
    }
    throw new StoreInUseError(`the store ${directory} is in use by another Headcount`);
  }
  return () => database.close();
}

const SQLITE_BUSY = 5;

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY;
}
