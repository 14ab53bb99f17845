import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { User } from '../contract/event.ts';
import type { Cell, StoredNames } from './schema/table.ts';

/**
 * Of each kind twice as many are held at once. Nearly all are session keys and visitors who come once, of which each thread that reads
 * would hold as many. Numbers never change their meaning, so forgetting costs nothing but a look-up.
 */
const MOST_NAMES = 20_000;

/** Names by their numbers, as the journal has them. */
export class NameLookup implements StoredNames {
  readonly #stringById: StatementSync;
  readonly #userByNumber: StatementSync;
  readonly #strings = new Latest<string>(MOST_NAMES);
  readonly #users = new Latest<User>(MOST_NAMES);

  constructor(database: DatabaseSync) {
    this.#stringById = database.prepare('SELECT text FROM strings WHERE id = ?');
    this.#userByNumber = database.prepare('SELECT directory, id FROM users WHERE number = ?');
  }

  string(number: Cell): string | null {
    if (number === 0) return null;
    return this.#strings.get(number, () => this.#stringById.get(number)?.['text'] as string | undefined);
  }

  user(number: Cell): User | null {
    if (number === 0) return null;
    return this.#users.get(number, () => {
      const record = this.#userByNumber.get(number);
      return record && { directory: record['directory'] as string | null, id: String(record['id']) };
    });
  }
}

/** What was found lately, by number: what is asked for again stays. */
export class Latest<T> {
  readonly #most: number;
  #recent = new Map<Cell, T | null>();
  #before = new Map<Cell, T | null>();

  /** Holds between `most` and twice as many. */
  constructor(most: number) {
    this.#most = most;
  }

  get size(): number {
    return this.#recent.size + this.#before.size;
  }

  /** Null where `find` finds nothing. */
  get(key: Cell, find: () => T | undefined): T | null {
    const recent = this.#recent.get(key);
    if (recent !== undefined) return recent;
    const before = this.#before.get(key);
    const found = before === undefined ? (find() ?? null) : before;
    if (this.#recent.size >= this.#most) {
      this.#before = this.#recent;
      this.#recent = new Map();
    }
    this.#recent.set(key, found);
    return found;
  }
}
