import { DatabaseSync } from 'node:sqlite';
import { databaseTrouble, journalFile } from '../journal-file.ts';

/** A key of `meta`. A store that was begun before there was one, and has not been started since, lacks it. */
const KEY = 'site_names';

/** What the site was called from one session and one event on, by the numbers of the store. */
export interface SiteName {
  readonly site: string;
  readonly session: number;
  readonly event: number;
}

/** In their order; none where nobody has said what the site is called. */
export function siteNamesOf(database: DatabaseSync): readonly SiteName[] {
  const value = database.prepare('SELECT value FROM meta WHERE key = ?').get(KEY)?.['value'];
  return value === undefined ? [] : (JSON.parse(String(value)) as SiteName[]);
}

/**
 * The name under which something is known for ever, by its number; the first one also of what was there before it. Null where
 * there is none.
 */
export function siteOf(names: readonly SiteName[], of: 'session' | 'event', number: number): string | null {
  return (names.findLast((name) => number >= name[of]) ?? names[0])?.site ?? null;
}

/** What is in the store goes by the name of the store from now on. */
export function forgetSiteNames(database: DatabaseSync): void {
  database.prepare('DELETE FROM meta WHERE key = ?').run(KEY);
}

/**
 * From the next session and event on the site is called so. What was there before keeps its ids, and its rows their keys. Nobody else may
 * write to the store yet. Where it cannot be noted `say` gets the reason: ids are those of the store then.
 */
export function noteSiteName(directory: string, next: SiteName, say: (line: string) => void): void {
  const file = journalFile(directory);
  let database: DatabaseSync | null = null;
  try {
    // Whoever may write would write the log into the file.
    database = new DatabaseSync(file, { readOnly: true });
    const names = siteNamesOf(database);
    if (names.at(-1)?.site === next.site) return;
    database.close();
    database = new DatabaseSync(file);
    database.exec('PRAGMA busy_timeout = 10000; PRAGMA synchronous = FULL');
    const value = JSON.stringify([...names, next]);
    database.prepare('INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)').run(KEY, value);
  } catch (error) {
    say(`the name of the site cannot be noted in the store: ${databaseTrouble(error)}`);
  } finally {
    if (database?.isOpen) database.close();
  }
}
