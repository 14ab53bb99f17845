const DAY_SECONDS = 24 * 3_600;

/** Identities of the events of the last 24 h, at most so many: what comes again within it is a duplicate. */
export class Duplicates {
  /** The second of arrival by identity, in order of arrival. Seconds, because V8 keeps small integers in place. */
  readonly #seconds = new Map<string, number>();
  /** Goes on through what is added while it runs, so what it has yet to give is what is remembered. */
  readonly #order = this.#seconds.entries();
  #oldest: readonly [eventId: string, second: number] | null = null;
  readonly #most: number;

  constructor(most = 1_000_000) {
    this.#most = most;
  }

  get size(): number {
    return this.#seconds.size;
  }

  has(eventId: string, receivedAt: number): boolean {
    this.#expire(receivedAt);
    return this.#seconds.has(eventId);
  }

  add(eventId: string, receivedAt: number): void {
    if (this.#seconds.has(eventId)) return;
    this.#seconds.set(eventId, Math.floor(receivedAt / 1000));
    this.#expire(receivedAt);
  }

  #expire(receivedAt: number): void {
    // An iterator that was once at the end stays there.
    while (this.#seconds.size > 0) {
      this.#oldest ??= this.#order.next().value ?? null;
      if (this.#oldest === null) return;
      const [eventId, second] = this.#oldest;
      const isOld = receivedAt / 1000 - second > DAY_SECONDS + 1;
      if (!isOld && this.#seconds.size <= this.#most) return;
      this.#seconds.delete(eventId);
      this.#oldest = null;
    }
  }
}
