import { clockOf, type EdgeSite } from '../edges/edge-site.ts';
import type { Key } from '../session.ts';

/** Keys without an open session, of our own hosts (null) and of each other site in the order in which that was found. Each is in one queue at most. */
export class KeyQueue {
  readonly #afterMs: number;
  readonly #keys = new Map<EdgeSite | null, Set<Key>>();

  /** `afterMs`: so long a key waits here. */
  constructor(afterMs: number) {
    this.#afterMs = afterMs;
  }

  add(key: Key): void {
    key.queued = true;
    key.queuedAt = key.usedAt;
    const { edgeSite } = key.host;
    const known = this.#keys.get(edgeSite);
    if (known === undefined) this.#keys.set(edgeSite, new Set([key]));
    else known.add(key);
  }

  delete(key: Key): void {
    this.#keys.get(key.host.edgeSite)?.delete(key);
  }

  /** Whether it is long enough since a key was used last, which may be later than when it came here. A clock that was set back must not make one wait. */
  hasWaited(key: Key, now: number): boolean {
    return Math.abs(clockOf(key.host.edgeSite, now) - key.usedAt) >= this.#afterMs;
  }

  /** Those that have waited long enough. Costs O(taken). */
  *take(now: number): Generator<Key> {
    for (const [site, keys] of this.#keys) {
      if (site !== null && site.now === null) continue;
      for (const key of keys) {
        // A clock that was set back must not make one wait.
        if (Math.abs(clockOf(site, now) - key.queuedAt) < this.#afterMs) break;
        keys.delete(key);
        key.queued = false;
        yield key;
      }
    }
  }
}
