import type { DatabaseSync } from 'node:sqlite';
import { has } from '../../marks.ts';

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
  /** Their numbers, the highest first. */
  readonly #found: number[] = [];
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

  /** Those of `numbers` that are found. These are in ascending order, 0 for nobody known. */
  among(numbers: Uint32Array): number[] {
    const least = numbers.find((number) => number > 0) ?? Number.POSITIVE_INFINITY;
    const most = numbers.at(-1) ?? 0;
    if (least < this.#lookedFrom) this.#look(Math.min(least, this.#lookedFrom - STEP));
    const found = this.#found;
    const from = firstPlace(found, (number) => number <= most);
    const to = firstPlace(found, (number) => number < least);
    // Whichever are fewer are looked up among the others.
    if (to - from < numbers.length) return found.slice(from, to).filter((number) => has(numbers, number));
    return Array.from(numbers).filter(
      (number) => found[firstPlace(found, (other) => other <= number)] === number,
    );
  }

  #look(from: number): void {
    const statement = this.#database.prepare(
      `SELECT number FROM users WHERE number >= ? AND number < ? AND ${this.#condition} ORDER BY number DESC`,
    );
    for (const { number } of statement.iterate(from, this.#lookedFrom, ...this.#values)) {
      this.#found.push(Number(number));
    }
    this.#lookedFrom = from;
  }
}

/** Where the first number is from which on the test is true; it is false of all before. */
function firstPlace(numbers: readonly number[], test: (number: number) => boolean): number {
  let low = 0;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (test(numbers[middle] as number)) high = middle;
    else low = middle + 1;
  }
  return low;
}
