const FIRST_MS = 200;
const MOST_MS = 30_000;

/** How long to wait after failures in a row: twice as long each time, never all at the same moment. */
export class BackOff {
  readonly #random: () => number;
  #failures = 0;

  /** `random`: 0 to 1. */
  constructor(random: () => number) {
    this.#random = random;
  }

  /** Milliseconds: `firstMs` to twice that, doubled with each failure, never more than `mostMs`. */
  next(firstMs = FIRST_MS, mostMs = MOST_MS): number {
    this.#failures += 1;
    const most = Math.min(mostMs, firstMs * 2 ** this.#failures);
    return most / 2 + (most / 2) * this.#random();
  }

  reset(): void {
    this.#failures = 0;
  }
}
