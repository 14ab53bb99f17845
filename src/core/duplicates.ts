const DAY_MS = 24 * 3_600_000;

/** Identities of the events of the last 24 h, at most so many: what comes again within it is a duplicate. */
export class Duplicates {
  readonly #ids = new Set<string>();
  // A ring in order of arrival; `#oldest` is the place of the first that is still remembered.
  #ring: { id: string; receivedAt: number }[] = [];
  #oldest = 0;
  readonly #most: number;

  constructor(most = 1_000_000) {
    this.#most = most;
  }

  get size(): number {
    return this.#ids.size;
  }

  has(eventId: string, receivedAt: number): boolean {
    this.#expire(receivedAt);
    return this.#ids.has(eventId);
  }

  add(eventId: string, receivedAt: number): void {
    if (this.#ids.has(eventId)) return;
    this.#ids.add(eventId);
    this.#ring.push({ id: eventId, receivedAt });
    this.#expire(receivedAt);
  }

  #expire(receivedAt: number): void {
    for (let first = this.#ring[this.#oldest]; first !== undefined; first = this.#ring[this.#oldest]) {
      const old = receivedAt - first.receivedAt > DAY_MS;
      if (!old && this.#ids.size <= this.#most) break;
      this.#ids.delete(first.id);
      this.#oldest += 1;
    }
    // Until then the forgotten ones still take memory: an eighth more, not as much again.
    if (this.#oldest > this.#most / 8) {
      this.#ring = this.#ring.slice(this.#oldest);
      this.#oldest = 0;
    }
  }
}
