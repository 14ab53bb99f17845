import type { DatabaseSync } from 'node:sqlite';
import type { ClassOf, UserClass } from '../../../contract/user-class.ts';
import { NameLookup } from '../../name-lookup.ts';
import { People } from '../people.ts';

/** Users that are remembered from one answer to the next. */
const MOST_USERS = 200_000;

/** Names and users by the numbers of records. They never change their meaning, so answers that come again and again share them. */
export class SeenNames {
  readonly #database: DatabaseSync;
  readonly #classOf: ClassOf;
  readonly #names: NameLookup;
  #people: People;
  readonly #classes = new Map<number, UserClass>();

  constructor(database: DatabaseSync, classOf: ClassOf) {
    this.#database = database;
    this.#classOf = classOf;
    this.#names = new NameLookup(database);
    this.#people = new People(database);
  }

  /** To be called between answers: within one a user stays the same person. */
  tidy(): void {
    if (this.#people.size > MOST_USERS) this.#people = new People(this.#database);
    if (this.#classes.size > MOST_USERS) this.#classes.clear();
  }

  /** Of a host, a virtual proxy or an app; null where it has none. */
  text(number: number): string | null {
    return this.#names.string(number);
  }

  /** A number for each user, the same for whatever number a record has; null where nobody knows who it is. */
  person(number: number): number | null {
    return this.#people.of(number);
  }

  classOf(number: number): UserClass {
    const known = this.#classes.get(number);
    if (known !== undefined) return known;
    const found = this.#classOf(this.#names.user(number));
    this.#classes.set(number, found);
    return found;
  }
}
