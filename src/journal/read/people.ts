import type { DatabaseSync, StatementSync } from 'node:sqlite';

/** Users by the numbers that records have of them: in each generation of names a user has another one. */
export class People {
  readonly #byNumber = new Map<number, number | null>([[0, null]]);
  readonly #byName = new Map<string, number>();
  readonly #names: StatementSync;

  constructor(database: DatabaseSync) {
    this.#names = database.prepare('SELECT folded_directory, folded_id FROM users WHERE number = ?');
  }

  /** How many numbers it knows. */
  get size(): number {
    return this.#byNumber.size;
  }

  /** A number of our own for each user, the same in all generations; null for 0, which is nobody known. */
  of(number: number): number | null {
    const known = this.#byNumber.get(number);
    if (known !== undefined) return known;
    const row = this.#names.get(number);
    const name = JSON.stringify([row?.['folded_directory'], row?.['folded_id']]);
    const person = this.#byName.get(name) ?? this.#byName.size;
    this.#byName.set(name, person);
    this.#byNumber.set(number, person);
    return person;
  }
}
