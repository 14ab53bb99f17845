import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

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
