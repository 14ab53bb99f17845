import type { Cell, Columns, StoredNames } from './table.ts';

/** A record as an array: objects with names cost SQLite twice. */
export type Cells = readonly Cell[];

type Read = (cell: Cell, names: StoredNames) => unknown;

/** A record by the names of its columns, each read when it is asked for. */
export type SelectedRecord<C extends Columns, Name extends keyof C, More extends string> = {
  readonly [N in Name]: ReturnType<C[N]['read']>;
} & Readonly<Record<More, Cell>>;

/** Some columns of a table as they are selected together, and records of them. */
export class Selection<C extends Columns, Name extends keyof C & string, More extends string = never> {
  /** What SELECT lists. */
  readonly list: string;
  readonly #Record: new (
    cells: Cells,
    names: StoredNames,
  ) => object;

  /** `alias`: of the table in the statement. `more`: SQL of what is selected besides, by name, read as it comes. */
  constructor(
    columns: C,
    names: readonly Name[],
    alias: string,
    more: Readonly<Record<More, string>> = {} as Readonly<Record<More, string>>,
  ) {
    const expressions = Object.entries<string>(more);
    this.list = [
      ...names.map((name) => `${alias}.${name}`),
      ...expressions.map(([name, sql]) => `${sql} AS ${name}`),
    ].join(', ');
    this.#Record = recordClass([
      ...names.map((name): [string, Read] => [name, (columns[name] as C[Name]).read]),
      ...expressions.map(([name]): [string, Read] => [name, (cell) => cell]),
    ]);
  }

  record(cells: Cells, names: StoredNames): SelectedRecord<C, Name, More> {
    return new this.#Record(cells, names) as SelectedRecord<C, Name, More>;
  }
}

function recordClass(reads: readonly [name: string, read: Read][]) {
  return class Selected {
    readonly #cells: Cells;
    readonly #names: StoredNames;

    static {
      for (const [place, [name, read]] of reads.entries()) {
        Object.defineProperty(Selected.prototype, name, {
          get(this: Selected) {
            return read(this.#cells[place] as Cell, this.#names);
          },
        });
      }
    }

    constructor(cells: Cells, names: StoredNames) {
      this.#cells = cells;
      this.#names = names;
    }
  };
}
