/**
 * How far a number has risen since it was first looked at. The numbers of the store may fall: a late line takes an
 * end back, an operator has rows sent again, a killed program loses what was not committed yet. Prometheus takes a
 * counter that falls for one that began anew at zero, and its whole height for a burst.
 */
export class Rising {
  #last: number;
  #risen = 0;

  constructor(start: number) {
    this.#last = start;
  }

  /** `now`: the number at this moment. */
  at(now: number): number {
    this.#risen += Math.max(0, now - this.#last);
    this.#last = now;
    return this.#risen;
  }
}
