import type { DatabaseSync } from 'node:sqlite';
import { FORMAT, LOGS, type StoredTable, TABLES } from './schema.ts';
import { toFormat3 } from './to-format-3.ts';
import { toFormat4 } from './to-format-4.ts';

/** What has to be done with what is stored already. New columns and tables follow from their `since`. */
export interface Step {
  /** The format that it makes; the columns and tables of that are there, those of later ones are not. */
  readonly to: number;
  readonly run: (database: DatabaseSync) => void;
}

/** Steps of code, in the order of their formats. One that was released stays as it is. */
const STEPS: readonly Step[] = [
  { to: 3, run: toFormat3 },
  { to: 4, run: toFormat4 },
];

export interface Schema {
  readonly format: number;
  readonly tables: readonly StoredTable[];
  readonly steps: readonly Step[];
}

export const SCHEMA: Schema = { format: FORMAT, tables: TABLES, steps: STEPS };

/** Turns a store of format `from` into one of the format of `schema`. To be called within a transaction. */
export function upgrade(database: DatabaseSync, from: number, schema: Schema): void {
  createLogs(database, from);
  for (let to = from + 1; to <= schema.format; to += 1) {
    for (const table of schema.tables) for (const sql of table.additions(to)) database.exec(sql);
    for (const step of schema.steps) if (step.to === to) step.run(database);
  }
  database.exec(`PRAGMA user_version = ${schema.format}`);
}

/** Makes those tables that a store of format 2 may lack. Writes nothing where they are there. */
export function createLogs(database: DatabaseSync, format: number): void {
  const there = new Set(
    database
      .prepare("SELECT name FROM sqlite_master WHERE type = 'table'")
      .all()
      .map(({ name }) => name),
  );
  for (const table of LOGS) if (!there.has(table.name)) database.exec(table.create(format));
}
