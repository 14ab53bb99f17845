import { statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { Site } from '../sessions/site.ts';
import { checkpointOf } from './checkpoint.ts';
import {
  checkFormat,
  checkJournalFile,
  databaseTrouble,
  formatOf,
  JournalError,
  journalFile,
  type OpeningOptions,
  openJournalFile,
} from './journal-file.ts';
import { type Recovered, recover } from './recover.ts';
import { SCHEMA, type Schema } from './schema/upgrade.ts';

type RecoveryOptions = Pick<OpeningOptions, 'schema' | 'say'>;

export interface RecoveredFile extends Recovered {
  /** To be called once whoever writes has the file: until then nobody who opens it in vain writes its log into it. */
  readonly letGo: () => void;
}

/**
 * Reads the journal in `directory` back into an empty site; a missing one is made, one of an earlier format upgraded.
 * @throws JournalError where it cannot be read; nothing was changed then
 */
export function recoverFile(
  directory: string,
  now: number,
  site: Site,
  options: RecoveryOptions = {},
): RecoveredFile {
  const file = journalFile(directory);
  const { schema = SCHEMA } = options;
  if (!hasLog(file)) return { ...recoverWriting(directory, now, site, options), letGo: () => {} };
  const reader = openToRead(file, schema);
  // After whoever writes: the last one to close writes the log into the file, but not one that only reads.
  const letGo = (): void => {
    if (reader.isOpen) reader.close();
  };
  try {
    if (formatOf(reader) === schema.format) {
      return { ...saying(file, () => recover(reader, site)), letGo };
    }
    // The log must be ours before anything is written behind it.
    saying(file, () => checkpointOf(reader));
    return { ...recoverWriting(directory, now, site, options), letGo };
  } catch (error) {
    letGo();
    throw error;
  }
}

function hasLog(file: string): boolean {
  return (statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0;
}

/** Whoever may write writes the log into the file when it closes it, damaged or not. */
function openToRead(file: string, schema: Schema): DatabaseSync {
  let database: DatabaseSync | null = null;
  try {
    if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) === 0) {
      throw new JournalError('there is only the log (-wal) of it, without the file; nothing was changed');
    }
    checkJournalFile(file, schema);
    database = new DatabaseSync(file, { readOnly: true });
    checkFormat(formatOf(database), schema);
    return database;
  } catch (error) {
    database?.close();
    throw error instanceof JournalError
      ? new JournalError(`${file}: ${error.message}`)
      : unchanged(file, error);
  }
}

/** An upgrade is committed once the store was read back whole. */
function recoverWriting(directory: string, now: number, site: Site, options: RecoveryOptions): Recovered {
  let recovered: Recovered | undefined;
  const check = (database: DatabaseSync): void => {
    recovered = recover(database, site);
  };
  const database = openJournalFile(directory, now, { ...options, check });
  try {
    return recovered ?? saying(journalFile(directory), () => recover(database, site));
  } finally {
    database.close();
  }
}

function saying<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw unchanged(file, error);
  }
}

function unchanged(file: string, error: unknown): JournalError {
  return new JournalError(`${file}: ${databaseTrouble(error)}; nothing was changed`);
}
