import { statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { Site } from '../sessions/site.ts';
import {
  checkJournalFile,
  databaseTrouble,
  JournalError,
  journalFile,
  openJournalFile,
} from './journal-file.ts';
import { type Recovered, recover } from './recover.ts';

/**
 * Reads the journal in `directory` back into an empty site; a missing one is made.
 * @throws JournalError where it cannot be read; nothing was changed then
 */
export function recoverFile(directory: string, now: number, site: Site): Recovered {
  const file = journalFile(directory);
  const database = hasLog(file) ? openToRead(file) : openJournalFile(directory, now);
  try {
    return recover(database, site);
  } catch (error) {
    throw new JournalError(`${file}: ${databaseTrouble(error)}; nothing was changed`);
  } finally {
    database.close();
  }
}

function hasLog(file: string): boolean {
  return (statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0;
}

/** Whoever may write writes the log into the file when it closes it, damaged or not. */
function openToRead(file: string): DatabaseSync {
  try {
    if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) === 0) {
      throw new JournalError('there is only the log (-wal) of it, without the file; nothing was changed');
    }
    checkJournalFile(file);
    return new DatabaseSync(file, { readOnly: true });
  } catch (error) {
    throw new JournalError(`${file}: ${databaseTrouble(error)}`);
  }
}
