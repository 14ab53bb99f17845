import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { databaseTrouble } from '../journal/journal-file.ts';
import { makePrivateFile } from '../journal/private-store.ts';

/** Raised when a table changes its meaning. */
const FORMAT = 1;
/** "HdCd" */
const APPLICATION_ID = 0x48644364;

/** For another command that is at it. */
const RENAME_BUSY_MS = 10_000;

/*
 * Beside the journal, not in it: written by another thread, and by commands while the program runs. `first` is where a
 * sink began, `done` the last number that needs no more delivery. What is counted four times a second is in an index.
 */
const TABLES = `
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS cursors (
  sink TEXT NOT NULL, feed TEXT NOT NULL, first INTEGER NOT NULL, done INTEGER NOT NULL, delivered INTEGER NOT NULL,
  passed_by_retention INTEGER NOT NULL, PRIMARY KEY (sink, feed)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS dead_letters (
  id INTEGER PRIMARY KEY AUTOINCREMENT, sink TEXT NOT NULL, feed TEXT NOT NULL, number INTEGER NOT NULL,
  numbers INTEGER NOT NULL, state TEXT NOT NULL, at INTEGER NOT NULL, reason TEXT NOT NULL, data TEXT,
  UNIQUE (sink, feed, number)
);
CREATE INDEX IF NOT EXISTS dead_letters_retry ON dead_letters (sink, id) WHERE state = 'retry';
CREATE INDEX IF NOT EXISTS dead_letters_counts ON dead_letters (sink, feed, state, numbers);
CREATE TABLE IF NOT EXISTS resends (id INTEGER PRIMARY KEY, sink TEXT NOT NULL, since INTEGER NOT NULL);
`;

export function deliveryFile(directory: string): string {
  return join(directory, 'delivery.db');
}

/**
 * Opens the file, making it where it is missing. `busyMs`: how long to wait for another process that writes.
 * @throws Error where it cannot be used, with its name
 */
export function openDeliveryFile(directory: string, busyMs: number): DatabaseSync {
  let database: DatabaseSync | null = null;
  try {
    makePrivateFile(deliveryFile(directory));
    database = new DatabaseSync(deliveryFile(directory));
    prepare(database, busyMs);
    return database;
  } catch (error) {
    database?.close();
    throw new Error(`${deliveryFile(directory)}: ${databaseTrouble(error)}`);
  }
}

function prepare(database: DatabaseSync, busyMs: number): void {
  database.exec(`PRAGMA busy_timeout = ${busyMs}`);
  const format = Number(database.prepare('PRAGMA user_version').get()?.['user_version']);
  if (format > FORMAT) {
    throw new Error(`format ${format}, this version reads ${FORMAT}; nothing was changed`);
  }
  // A batch is offered again when its cursor was lost, so it need not be on the disk at once; but with it all it says.
  database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; ${TABLES}`);
  // Where nothing is missing nothing is written: the disk may be full.
  if (format === FORMAT) return;
  database.exec(`PRAGMA user_version = ${FORMAT}; PRAGMA application_id = ${APPLICATION_ID}`);
}

/**
 * Numbers mean something in one journal only. Where that was replaced, say deleted after it was damaged, everything
 * begins anew; what was set aside of the old one is all there is left of it, so it is kept in a file of its own.
 */
export function adopt(database: DatabaseSync, directory: string, storeId: string): void {
  const before = database.prepare("SELECT value FROM meta WHERE key = 'store'").get()?.['value'];
  if (before === storeId) return;
  if (before !== undefined && database.prepare('SELECT 1 FROM dead_letters LIMIT 1').get() !== undefined) {
    const file = freeFile(directory, `delivery-${before}`);
    // Into an empty file of ours, so that its rights are.
    makePrivateFile(file);
    database.prepare('VACUUM INTO ?').run(file);
  }
  const forget =
    before === undefined ? '' : 'DELETE FROM cursors; DELETE FROM dead_letters; DELETE FROM resends;';
  database.exec(`BEGIN IMMEDIATE; ${forget}`);
  database.prepare("INSERT OR REPLACE INTO meta VALUES ('store', ?)").run(storeId);
  database.exec('COMMIT');
}

/** The store has another name now: what its sinks have had they still have. */
export function renameStore(directory: string, { before, now }: { before: string; now: string }): void {
  if (!existsSync(deliveryFile(directory))) return;
  const database = openDeliveryFile(directory, RENAME_BUSY_MS);
  try {
    database.prepare("UPDATE meta SET value = ? WHERE key = 'store' AND value = ?").run(now, before);
  } finally {
    database.close();
  }
}

function freeFile(directory: string, name: string): string {
  let file = join(directory, `${name}.db`);
  for (let n = 2; existsSync(file); n += 1) file = join(directory, `${name}-${n}.db`);
  return file;
}
