import type { User } from '../../contract/event.ts';
import type { Names } from '../names.ts';

/** A value as SQLite has it. */
export type Cell = number | string | null;

/** Finds names by the numbers that records have of them; null for 0, and where the name is gone. */
export interface StoredNames {
  string(number: Cell): string | null;
  user(number: Cell): User | null;
}

/** All that there is to know about one column: everything else follows. */
export interface Column<Source = never, Value = unknown> {
  /** Its type and constraints. */
  readonly sql: string;
  /** The number that is stored of a thing, NaN for NULL. A column without it is written in some other way. */
  readonly write?: (source: Source, names: Names) => number;
  /** The text that is stored of a thing: kept beside the numbers on the way to the writer. */
  readonly text?: (source: Source) => string | null;
  /** What it means. */
  readonly read: (cell: Cell, names: StoredNames) => Value;
  /** Stays as it was written first. */
  readonly isFixed?: boolean;
  /** The format that it came with, where that is not the first one, and what records of before have. */
  readonly since?: number;
  readonly default?: Cell;
}

export type Columns<Source = never> = Readonly<Record<string, Column<Source>>>;

/** Kinds of columns, for those that say no more than what is written. */
export const KEY = { sql: 'INTEGER PRIMARY KEY', read: Number };
export const NUMBER = { sql: 'INTEGER NOT NULL', read: Number };
export const NUMBER_OR_NULL = { sql: 'INTEGER', read: (cell: Cell) => cell as number | null };
export const BOOLEAN = { sql: 'INTEGER NOT NULL', read: (cell: Cell) => cell === 1 };
export const TEXT = { sql: 'TEXT NOT NULL', read: String };
export const TEXT_OR_NULL = { sql: 'TEXT', read: (cell: Cell) => cell as string | null };
export const BLOB = { sql: 'BLOB', read: (cell: Cell) => cell };
/** The number of a name in `strings`, 0 for none. */
export const NAME = {
  sql: 'INTEGER NOT NULL',
  read: (cell: Cell, names: StoredNames) => names.string(cell),
};
/** The number of a user in `users`, 0 for none. */
export const USER = { sql: 'INTEGER NOT NULL', read: (cell: Cell, names: StoredNames) => names.user(cell) };

/** NULL among numbers. */
export const orNaN = (value: number | null): number => value ?? Number.NaN;

interface TableParts {
  /** A key of several columns, say. */
  readonly constraint?: string;
  readonly isWithoutRowid?: boolean;
  /** Definitions of indexes, `CREATE` and all. */
  readonly indexes?: readonly string[];
  /** The format that it came with, where that is not the first one. */
  readonly since?: number;
}

/** One table of the journal, and the statements that follow from its columns. */
export class Table<C extends Columns = Columns> {
  readonly name: string;
  readonly columns: C;
  readonly #parts: TableParts;

  constructor(name: string, columns: C, parts: TableParts = {}) {
    this.name = name;
    this.columns = columns;
    this.#parts = parts;
  }

  get names(): (keyof C & string)[] {
    return Object.keys(this.columns);
  }

  /** As a store of that format has it. */
  create(format: number): string {
    const { constraint, isWithoutRowid, indexes = [] } = this.#parts;
    const there = this.names.filter((name) => this.#since(name) <= format);
    const defined = there.map((name) => this.#definition(name));
    const all = [...defined, ...(constraint === undefined ? [] : [constraint])].join(', ');
    const table = `CREATE TABLE ${this.name} (${all})${isWithoutRowid === true ? ' WITHOUT ROWID' : ''};`;
    return [table, ...indexes.map((index) => `${index};`)].join('\n');
  }

  /** What makes of a store of the format before one of that format. */
  additions(format: number): string[] {
    if (this.#parts.since === format) return [this.create(format)];
    return this.names
      .filter((name) => this.#since(name) === format)
      .map((name) => `ALTER TABLE ${this.name} ADD COLUMN ${this.#definition(name)}`);
  }

  #since(name: string): number {
    return this.columns[name]?.since ?? 0;
  }

  #definition(name: string): string {
    const { sql, default: before = null } = this.columns[name] as Column;
    if (before === null) return `${name} ${sql}`;
    return `${name} ${sql} DEFAULT ${typeof before === 'string' ? `'${before.replaceAll("'", "''")}'` : before}`;
  }

  insert<N extends keyof C & string>(names: readonly N[]): string {
    const marks = names.map(() => '?').join(', ');
    return `INSERT INTO ${this.name} (${names.join(', ')}) VALUES (${marks})`;
  }

  replace<N extends keyof C & string>(names: readonly N[]): string {
    return this.insert(names).replace('INSERT', 'INSERT OR REPLACE');
  }

  /** Updates in place what is there: REPLACE would delete the record and every entry of an index first. */
  upsert(key: keyof C & string): string {
    const changing = this.names.filter((name) => name !== key && this.columns[name]?.isFixed !== true);
    const sets = changing.map((name) => `${name} = excluded.${name}`);
    return `${this.insert(this.names)} ON CONFLICT (${key}) DO UPDATE SET ${sets.join(', ')}`;
  }

  update<N extends keyof C & string>(names: readonly N[], key: keyof C & string): string {
    return `UPDATE ${this.name} SET ${names.map((name) => `${name} = ?`).join(', ')} WHERE ${key} = ?`;
  }

  pick<N extends keyof C & string>(names: readonly N[]): Pick<C, N> {
    return Object.fromEntries(names.map((name) => [name, this.columns[name]])) as Pick<C, N>;
  }

  /** Some columns as a SELECT lists them. */
  list<N extends keyof C & string>(names: readonly N[], alias = this.name): string {
    return names.map((name) => `${alias}.${name}`).join(', ');
  }
}
