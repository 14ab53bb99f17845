import { DatabaseSync, type StatementSync } from 'node:sqlite';

/** Nobody waits for the answer any more. */
export class Abandoned extends Error {
  constructor() {
    super('nobody waits for the answer any more');
  }
}

/**
 * A journal that is read for somebody. Whatever a question reads, it reads with many statements, a block or a row each; before each of
 * them `check` is called, and what it throws ends the question there. SQLite itself could be interrupted, but node:sqlite cannot do it.
 */
export class WatchedDatabase extends DatabaseSync {
  readonly #check: () => void;

  constructor(path: string, check: () => void) {
    super(path, { readOnly: true });
    this.#check = check;
  }

  override prepare(sql: string): StatementSync {
    const statement = super.prepare(sql);
    const check = this.#check;
    const { get, all, iterate } = statement;
    return Object.assign(statement, {
      get: checked(check, get.bind(statement)),
      all: checked(check, all.bind(statement)),
      iterate: checked(check, iterate.bind(statement)),
    });
  }
}

function checked<Given extends unknown[], Found>(
  check: () => void,
  read: (...given: Given) => Found,
): (...given: Given) => Found {
  return (...given) => {
    check();
    return read(...given);
  };
}
