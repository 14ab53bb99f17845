import type { Key } from '../session.ts';

/** Keys without an open session, in the order in which that was found. Each is in one queue at most. */
export class KeyQueue {
  readonly #afterMs: number;
  readonly #keys = new Set<Key>();

  /** `afterMs`: so long a key waits here. */
  constructor(afterMs: number) {
    this.#afterMs = afterMs;
  }

  add(key: Key): void {
    key.queued = true;
    key.queuedAt = key.usedAt;
    this.#keys.add(key);
  }

  delete(key: Key): void {
    this.#keys.delete(key);
  }

  /** Those that have waited long enough. Costs O(taken). */
  *take(now: number): Generator<Key> {
    for (const key of this.#keys) {
      // A clock that was set back must not make one wait.
      if (Math.abs(now - key.queuedAt) < this.#afterMs) return;
      this.#keys.delete(key);
      key.queued = false;
      yield key;
    }
  }
}
