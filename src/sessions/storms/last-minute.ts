const SECONDS = 60;

interface Second {
  readonly second: number;
  count: number;
}

/** How often something happened in a sliding minute, to the second. What is empty for long costs little memory. */
export class LastMinute {
  /** Oldest first, those in which something happened. */
  #seconds: Second[] = [];
  #sum = 0;

  /** One more in this second (since 1970), which may be a little older than others. */
  add(second: number): void {
    let place = this.#seconds.length;
    while (place > 0 && (this.#seconds[place - 1]?.second ?? 0) > second) place -= 1;
    const known = this.#seconds[place - 1];
    if (known?.second === second) known.count += 1;
    else this.#seconds.splice(place, 0, { second, count: 1 });
    this.#sum += 1;
  }

  /** In this second and the 59 before it. What was before them is forgotten. */
  at(second: number): number {
    for (
      let [first] = this.#seconds;
      first !== undefined && isOver(first.second, second);
      [first] = this.#seconds
    ) {
      this.#sum -= first.count;
      this.#seconds.shift();
    }
    return this.#sum;
  }

  /** The oldest second of those that `at` was last asked for; null where nothing happened in them. */
  get first(): number | null {
    return this.#seconds[0]?.second ?? null;
  }
}

/** Whether a second is no part of the minute that ends with `now`. */
export function isOver(second: number, now: number): boolean {
  return second <= now - SECONDS;
}
