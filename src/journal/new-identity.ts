import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { checkpointOf, metaOf } from './checkpoint.ts';
import { forgetSiteNames } from './ids/site-names.ts';
import {
  checkJournalFile,
  configure,
  databaseTrouble,
  formatOf,
  JournalError,
  journalFile,
  newStoreId,
} from './journal-file.ts';
import { SCHEMA } from './schema/upgrade.ts';

/** The name of a store, before and from now on. */
export interface NewIdentity {
  readonly before: string;
  readonly now: string;
}

/**
 * Gives the store in `directory` another name, because it is a copy whose twin goes on under the old one. Sessions that are in it go by that
 * name, too, since those of the twin go on. Everything else in it stays. Nobody else may have it open: `lockStore` first. Null where there is no store.
 * @throws JournalError where it cannot be used; it is left as it is
 */
export function giveNewIdentity(directory: string): NewIdentity | null {
  const file = journalFile(directory);
  if (!existsSync(file)) return null;
  let database: DatabaseSync | null = null;
  try {
    checkJournalFile(file, SCHEMA);
    checkIsWhole(file);
    database = new DatabaseSync(file);
    configure(database);
    const identity = { before: metaOf(database, 'store'), now: newStoreId() };
    database.exec('BEGIN IMMEDIATE');
    database.prepare("UPDATE meta SET value = ? WHERE key = 'store'").run(identity.now);
    forgetSiteNames(database);
    // By the name in it a checkpoint is known to be of this journal.
    database
      .prepare(
        "UPDATE checkpoint SET state = json_set(state, '$.store', ?) WHERE json_extract(state, '$.store') IS NOT NULL",
      )
      .run(identity.now);
    database.exec('COMMIT');
    return identity;
  } catch (error) {
    throw new JournalError(`${file}: ${databaseTrouble(error)}`);
  } finally {
    database?.close();
  }
}

/** Before it is opened for writing, which would write a log into it whose it is not. */
function checkIsWhole(file: string): void {
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    if (formatOf(database) !== SCHEMA.format) {
      throw new JournalError(
        'of an earlier version; start this one with it once, then give it the new identity',
      );
    }
    checkpointOf(database);
  } finally {
    database.close();
  }
}
