/** The part of a logger that this needs. */
export interface Warner {
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

type Level = keyof Warner;

interface Trouble {
  count: number;
  sample: string;
  readonly level: Level;
}

/**
 * Logs a trouble that may come a million times: at once when it is new, then once a minute with a count and
 * a sample. Samples are hostile text, so they are cut and left to the logger to escape.
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
    this.#log[level]({ kind, sample }, 'not as expected');
  }

  /** To be called once a minute. */
  flush(): void {
    const before = this.#known;
    this.#known = new Map();
    for (const [kind, { count, sample, level }] of before) {
      if (count === 0) continue;
      this.#known.set(kind, { count: 0, sample: '', level });
      this.#log[level]({ kind, count, sample }, 'not as expected, in the last minute');
    }
  }
}
