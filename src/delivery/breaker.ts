const WINDOW_MS = 60_000;
const MOST_SHARE = 0.01;
/** Set aside in any case: one bad row of few is more than a hundredth. */
const FREE_ROWS = 20;
/** In the minute after one in which it was too many: the fault may be in the rows after all, and then it goes on. */
const PROBE_ROWS = 1;

/**
 * When more than about one row in a hundred would be set aside within a minute, the fault is not the rows: the
 * table is not what it should be. Then no more is set aside than a row a minute.
 */
export class Breaker {
  readonly #now: () => number;
  #begun = Number.NEGATIVE_INFINITY;
  #taken = 0;
  #setAside = 0;
  #free = FREE_ROWS;
  #isTripped = false;

  constructor(now: () => number) {
    this.#now = now;
  }

  took(rows: number): void {
    this.#roll();
    this.#taken += rows;
  }

  /** Whether one more row may be set aside; counts it where it may. */
  allows(): boolean {
    this.#roll();
    const setAside = this.#setAside + 1;
    this.#isTripped = setAside > this.#free && setAside > MOST_SHARE * (this.#taken + setAside);
    if (!this.#isTripped) this.#setAside = setAside;
    return !this.#isTripped;
  }

  /** A clock that is set back begins a new minute, too. */
  #roll(): void {
    const now = this.#now();
    if (now >= this.#begun && now < this.#begun + WINDOW_MS) return;
    this.#begun = now;
    this.#taken = 0;
    this.#setAside = 0;
    this.#free = this.#isTripped ? PROBE_ROWS : FREE_ROWS;
    this.#isTripped = false;
  }
}

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
