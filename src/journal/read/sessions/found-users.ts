import type { DatabaseSync } from 'node:sqlite';

/** Users looked at in one step, at least: a step costs a statement. */
const STEP = 8_192;

/**
 * Users of whom a part of `DIRECTORY\id` is as a text, in which upper and lower case are the same. Each generation of names has
 * numbers of its own, and the latest sessions have the highest, so users are looked at from there on down, no further than is asked for.
 */
export class FoundUsers {
  readonly #database: DatabaseSync;
  readonly #condition: string;
  readonly #values: readonly string[];
  readonly #found = new Set<number>();
  /** Users from this number on have been looked at. */
  #lookedFrom: number;

  constructor(database: DatabaseSync, text: string) {
    const folded = text.toLowerCase();
    this.#database = database;
    // Without a backslash it is a part of one of the two, which is cheaper to look for.
    this.#condition = folded.includes('\\')
      ? "instr(folded_directory || '\\' || folded_id, ?) > 0"
      : '(instr(folded_id, ?) > 0 OR instr(folded_directory, ?) > 0)';
    this.#values = folded.includes('\\') ? [folded] : [folded, folded];
    const last = database.prepare('SELECT max(number) AS number FROM users').get()?.['number'];
    this.#lookedFrom = Number(last ?? 0) + 1;
  }

  /** Those of `numbers` that are found. */
  among(numbers: readonly number[]): number[] {
    let least = Number.POSITIVE_INFINITY;
    // 0 is nobody known.
    for (const number of numbers) if (number > 0 && number < least) least = number;
    if (least < this.#lookedFrom) this.#look(Math.min(least, this.#lookedFrom - STEP));
    return numbers.filter((number) => this.#found.has(number));
  }

  #look(from: number): void {
    const statement = this.#database.prepare(
      `SELECT number FROM users WHERE number >= ? AND number < ? AND ${this.#condition}`,
    );
    for (const { number } of statement.iterate(from, this.#lookedFrom, ...this.#values)) {
      this.#found.add(Number(number));
    }
    this.#lookedFrom = from;
  }
}
