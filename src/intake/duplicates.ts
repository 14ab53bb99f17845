const DAY_SECONDS = 24 * 3_600;

/** Identities of the events of the last 24 h, at most so many: what comes again within it is a duplicate. */
export class Duplicates {
  /** The second of arrival by identity, in order of arrival. Seconds, because V8 keeps small integers in place. */
  readonly #seconds = new Map<string, number>();
  /** Goes on through what is added while it runs, so what it has yet to give is what is remembered. */
  readonly #order = this.#seconds.entries();
  #oldest: readonly [eventId: string, second: number] | null = null;
  readonly #most: number;
  readonly #shortened: (eventId: string) => string;

  /** `shortened`: what is kept of an identity, since senders make up long ones; others have others. */
  constructor(most = 1_000_000, shortened: (eventId: string) => string = (eventId) => eventId) {
    this.#most = most;
    this.#shortened = shortened;
  }

  get size(): number {
    return this.#seconds.size;
  }

  has(eventId: string, receivedAt: number): boolean {
    this.#expire(receivedAt);
    return this.#seconds.has(this.#shortened(eventId));
  }

  add(eventId: string, receivedAt: number): void {
    const kept = this.#shortened(eventId);
    if (this.#seconds.has(kept)) return;
    this.#seconds.set(kept, Math.floor(receivedAt / 1000));
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
