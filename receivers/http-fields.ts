import { cut, isNull, MAX_FIELD } from '../src/core/formats/fields.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

const MAX_NAMED = 100;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Reads the fields of one JSON object and keeps the first problem, in words for the sender. Strings come
 * back well-formed: JSON can write half a surrogate pair, UTF-8 cannot.
 */
export class FieldReader {
  readonly #object: JsonObject;
  readonly #prefix: string;
  problem: string | null = null;

  /** `prefix` stands before every name in a problem: `user.`. */
  constructor(object: JsonObject, prefix = '') {
    this.#object = object;
    this.#prefix = prefix;
  }

  fail(problem: string): null {
    this.problem ??= problem;
    return null;
  }

  failField(name: string, expected: string): null {
    return this.fail(`${this.#prefix}${name}: expected ${expected}`);
  }

  /** Every key must be among `names`. */
  checkKeys(names: ReadonlySet<string>): void {
    for (const key of Object.keys(this.#object)) {
      if (!names.has(key)) this.fail(`unknown key ${JSON.stringify(this.#prefix + cut(key, MAX_NAMED))}`);
    }
  }

  /** The value as it is; undefined and null are the same. */
  value(name: string): unknown {
    return this.#object[name] ?? null;
  }

  /** Null for absent, null, and what Sense writes for unknown. */
  string(name: string, most = MAX_FIELD): string | null {
    const value = this.value(name);
    if (value === null) return null;
    if (typeof value !== 'string' || value.length > most) {
      return this.failField(name, `a string up to ${most} characters`);
    }
    return isNull(value) ? null : value.toWellFormed();
  }

  /** A text of any length, of which the first `most` characters are kept. */
  text(name: string, most: number): string | null {
    const value = this.value(name);
    if (value === null) return null;
    if (typeof value !== 'string') return this.failField(name, 'a string');
    return isNull(value) ? null : cut(value.toWellFormed(), most);
  }

  integer(name: string): number | null {
    const value = this.value(name);
    if (value === null) return null;
    return Number.isSafeInteger(value) ? Number(value) : this.failField(name, 'an integer');
  }

  oneOf<T extends string>(name: string, values: readonly T[]): T | null {
    const value = this.value(name);
    if (value === null) return null;
    return values.find((each) => each === value) ?? this.failField(name, `one of ${values.join(', ')}`);
  }
}
