import type { Key } from '../session.ts';

/** Keys without an open session, in the order in which that was found. Each is in one queue at most. */
export class KeyQueue {
  readonly #afterMs: number;
  #keys: Key[] = [];
  /** What stands before it is done with. */
  #head = 0;

  /** `afterMs`: so long a key waits here. */
  constructor(afterMs: number) {
    this.#afterMs = afterMs;
  }

  add(key: Key): void {
    key.queued = true;
    key.queuedAt = key.usedAt;
    this.#keys.push(key);
  }

  /** Those that have waited long enough. Costs O(taken). */
  *take(now: number): Generator<Key> {
    for (let key = this.#keys[this.#head]; key !== undefined; key = this.#keys[this.#head]) {
      // A clock that was set back must not make one wait.
      if (Math.abs(now - key.queuedAt) < this.#afterMs) break;
      this.#head += 1;
      key.queued = false;
      yield key;
    }
    if (this.#head <= this.#keys.length / 2) return;
    this.#keys = this.#keys.slice(this.#head);
    this.#head = 0;
  }
}
