/** Counts what a receiver refuses, by reason. */
export class Refusals {
  readonly #byReason = new Map<string, number>();

  get counts(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#byReason);
  }

  add(reason: string): void {
    this.#byReason.set(reason, (this.#byReason.get(reason) ?? 0) + 1);
  }
}
