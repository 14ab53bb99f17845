import type { DatabaseSync } from 'node:sqlite';

/**
 * Writes the log into the file and begins it anew. To be done before the first commit behind a log that an earlier run has left. The
 * last commits in it may be ones whose fsync failed: the kernel then gives up what it could not write, and still reads it back as if it
 * were on the disk, even to a program that is started later. What is in the file afterwards was written once more. Commits
 * that are appended to such a log would be lost with what is missing before them, when the power fails.
 * @throws where that is not possible now
 */
export function beginLogAnew(database: DatabaseSync): void {
  const done = database.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get();
  if (done?.['busy'] !== 0)
    throw new Error('another program reads the store, and keeps its log from being begun anew');
}

/**
 * Writes the log into the file as far as nobody reads it. SQLite does so after a commit that made the log long, but keeps to itself where that fails:
 * the log would grow until it has filled the disk.
 * @throws what SQLite raised
 */
export function writeLogBack(database: DatabaseSync): void {
  database.exec('PRAGMA wal_checkpoint(PASSIVE)');
}
