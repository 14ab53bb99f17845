import { REFUSAL_WORDS } from './contract/refusal-words.ts';

/** The part of a logger that this needs. */
export interface Warner {
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** An address, and 200 characters of a line. */
const SAMPLE_CHARACTERS = 250;
/** Control characters that JSON does not escape, and those that change the direction of writing. */
const UNSEEN = /[\u007f-\u009f\u2028\u2029\p{Cf}]/gu;

type Level = keyof Warner;

interface Trouble {
  count: number;
  sample: string;
  readonly level: Level;
}

/**
 * Logs a trouble that may come a million times: at once when it is new, then once a minute with a count and
 * a sample. Samples are hostile text: they are cut, and what the logger leaves as it is although it could turn or
 * colour a line on a terminal is escaped.
 */
export class TroubleLog {
  readonly #log: Warner;
  #known = new Map<string, Trouble>();

  constructor(log: Warner) {
    this.#log = log;
  }

  note(kind: string, sample: string, level: Level = 'warn'): void {
    const trouble = this.#known.get(kind);
    if (trouble !== undefined) {
      trouble.count += 1;
      trouble.sample = sample;
      return;
    }
    this.#known.set(kind, { count: 0, sample: '', level });
    this.#log[level]({ kind, ...meaningOf(kind), sample: printable(sample) }, kind);
  }

  /** To be called once a minute. */
  flush(): void {
    const before = this.#known;
    this.#known = new Map();
    for (const [kind, { count, sample, level }] of before) {
      if (count === 0) continue;
      this.#known.set(kind, { count: 0, sample: '', level });
      const fields = { kind, ...meaningOf(kind), count, sample: printable(sample) };
      this.#log[level](fields, `${kind}, in the last minute`);
    }
  }
}

/** In words, where the kind is a reason or ends with one. */
function meaningOf(kind: string): { readonly means?: string } {
  const means = REFUSAL_WORDS[kind.slice(kind.lastIndexOf(' ') + 1)];
  return means === undefined ? {} : { means };
}

function printable(sample: string): string {
  const cut = sample.slice(0, SAMPLE_CHARACTERS).toWellFormed();
  return cut.replace(UNSEEN, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}
