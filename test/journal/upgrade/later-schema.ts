import type { DatabaseSync } from 'node:sqlite';
import { FORMAT } from '../../../src/journal/schema/schema.ts';
import { SESSIONS } from '../../../src/journal/schema/sessions.ts';
import { KEY, NUMBER, Table, TEXT, TEXT_OR_NULL } from '../../../src/journal/schema/table.ts';
import { SCHEMA, type Schema, type Step } from '../../../src/journal/schema/upgrade.ts';

/** The format that comes after the one of now. */
export const NEXT = FORMAT + 1;

/** Sessions with columns that a later version might add. */
const LATER_SESSIONS = new Table('sessions', {
  ...SESSIONS.columns,
  seat: { ...NUMBER, since: NEXT, default: 7 },
  note: { ...TEXT_OR_NULL, since: NEXT },
  colour: { ...TEXT, since: NEXT + 1, default: "anna's" },
});

const NOTES = new Table(
  'notes',
  { id: KEY, text: TEXT, about: { ...NUMBER, since: NEXT + 1, default: 0 } },
  { since: NEXT, indexes: ['CREATE INDEX notes_text ON notes (text)'] },
);

/** What a later version might be, with steps of code. */
export function laterSchema(format: number, steps: readonly Step[] = []): Schema {
  const others = SCHEMA.tables.filter(({ name }) => name !== SESSIONS.name);
  return { format, tables: [...others, LATER_SESSIONS, NOTES], steps };
}

/** Writes to every page of the events, more than there is memory for, so that it is in the log before the commit. */
export function rewriteEvents(database: DatabaseSync): void {
  database.exec('PRAGMA cache_size = 10; UPDATE events SET at = at + 1');
}
