import type { DatabaseSync } from 'node:sqlite';
import { type BlacklistRule, createBlacklist } from '../contract/blacklist.ts';
import type { User } from '../contract/event.ts';

/**
 * Whom the rules of now exclude, as numbers of the journal's users in a table of this connection's own. What the journal has
 * is left as it is, so a rule that is taken back gives back what it hid.
 */
export class ExcludedUsers {
  readonly #database: DatabaseSync;
  #blacklist = createBlacklist([]);
  /** Users up to this number have been looked at. */
  #last = 0;
  #count = 0;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** From now on these rules hold, and no others. */
  replace(rules: readonly BlacklistRule[]): void {
    this.#blacklist = createBlacklist(rules);
    this.#database.exec(
      'CREATE TEMP TABLE IF NOT EXISTS excluded_users (number INTEGER PRIMARY KEY); DELETE FROM temp.excluded_users',
    );
    this.#last = 0;
    this.#count = 0;
  }

  excludes(user: User | null): boolean {
    return this.#blacklist.excludes(user);
  }

  /** Looks at users that are new. Numbers only rise, so each is looked at once. To be called in the transaction of an answer. */
  refresh(): void {
    if (this.#blacklist.size === 0) return;
    const users = this.#database
      .prepare('SELECT number, directory, id FROM users WHERE number > ? ORDER BY number')
      .iterate(this.#last);
    const add = this.#database.prepare('INSERT INTO temp.excluded_users VALUES (?)');
    for (const { number, directory, id } of users) {
      this.#last = Number(number);
      if (!this.#blacklist.excludes({ directory: directory as string | null, id: String(id) })) continue;
      add.run(this.#last);
      this.#count += 1;
    }
  }

  /** What holds of rows under the alias `s` that may be shown; null where that is all of them. */
  get isShown(): string | null {
    return this.#count === 0 ? null : 's.user NOT IN (SELECT number FROM temp.excluded_users)';
  }
}
