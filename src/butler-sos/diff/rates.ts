const STEP_MS = 100;

/** How many events came when, by tenths of a second. */
export class Rates {
  readonly #steps = new Map<number, number>();

  /** `at`: ms. */
  note(at: number): void {
    const step = Math.floor(at / STEP_MS);
    this.#steps.set(step, (this.#steps.get(step) ?? 0) + 1);
  }

  within(from: number, to: number): number {
    let count = 0;
    for (let step = Math.floor(from / STEP_MS); step <= Math.floor(to / STEP_MS); step += 1) {
      count += this.#steps.get(step) ?? 0;
    }
    return count;
  }

  forgetBefore(at: number): void {
    for (const step of this.#steps.keys()) {
      if (step * STEP_MS >= at) break;
      this.#steps.delete(step);
    }
  }
}
