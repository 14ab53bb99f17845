import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { User } from '../contract/event.ts';
import type { Cell, StoredNames } from './schema/table.ts';

/** Names held at once; numbers never change their meaning, so forgetting costs nothing but a look-up. */
const MOST_NAMES = 200_000;

/** Names by their numbers, as the journal has them. */
export class NameLookup implements StoredNames {
  readonly #stringById: StatementSync;
  readonly #userByNumber: StatementSync;
  readonly #strings = new Map<Cell, string | null>();
  readonly #users = new Map<Cell, User | null>();

  constructor(database: DatabaseSync) {
    this.#stringById = database.prepare('SELECT text FROM strings WHERE id = ?');
    this.#userByNumber = database.prepare('SELECT directory, id FROM users WHERE number = ?');
  }

  string(number: Cell): string | null {
    if (number === 0) return null;
    return remembered(
      this.#strings,
      number,
      () => this.#stringById.get(number)?.['text'] as string | undefined,
    );
  }

  user(number: Cell): User | null {
    if (number === 0) return null;
    return remembered(this.#users, number, () => {
      const record = this.#userByNumber.get(number);
      return record && { directory: record['directory'] as string | null, id: String(record['id']) };
    });
  }
}

function remembered<T>(known: Map<Cell, T | null>, key: Cell, find: () => T | undefined): T | null {
  const there = known.get(key);
  if (there !== undefined) return there;
  const found = find() ?? null;
  if (known.size >= MOST_NAMES) known.clear();
  known.set(key, found);
  return found;
}
