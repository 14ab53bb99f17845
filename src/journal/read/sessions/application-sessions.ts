import type { DatabaseSync } from 'node:sqlite';
import { rangeOfSite } from '../../../contract/sites/site-hosts.ts';
import { bitOf } from '../../marks.ts';
import { FLAGS } from '../../schema/sessions.ts';

const HOSTS = `
SELECT value ->> 'name' AS name FROM checkpoint, json_each(state, '$.hosts') WHERE value ->> 'isApplication'`;

/** The hosts that are applications, as the checkpoint knows them. */
export function applicationHosts(database: DatabaseSync): string[] {
  return database
    .prepare(HOSTS)
    .all()
    .map(({ name }) => String(name));
}

/** The bits of all of them: only in a block that has one of these is a session of an application. 0 where there is none. */
export function applicationBits(database: DatabaseSync): number {
  return applicationHosts(database).reduce((bits, name) => bits | bitOf(name), 0);
}

/** Those of a host, or of all hosts of a site. */
export function bitsOfHost(database: DatabaseSync, host: string): number {
  const range = rangeOfSite(host);
  if (range === null) return bitOf(host);
  const names = database
    .prepare('SELECT DISTINCT text FROM strings WHERE text >= ? AND text < ?')
    .all(...range);
  return names.reduce((bits, { text }) => bits | bitOf(String(text)), 0);
}

/** What holds of the sessions of applications, or of the others, under the alias `s`. */
export function isOfApplication(is: boolean): string {
  return `s.flags & ${FLAGS.isApplication} ${is ? '<>' : '='} 0`;
}
