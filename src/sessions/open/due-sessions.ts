import type { Session } from '../session.ts';
import { BTree } from './ordered-set.ts';

const NONE: readonly Session[] = [];

/**
 * When to look at which session again. A session stands in the bucket of one second, never later than it
 * can be due; it may turn out not to be due when looked at, and is then filed anew. So a line costs
 * nothing here unless it makes its session due earlier, and a sweep costs O(looked at).
 */
export class DueSessions {
  readonly #buckets = new BTree<number, Set<Session>>();

  /** Files a session under the moment (ms) at which it may be due, unless it is filed earlier already. */
  file(session: Session, dueAt: number): void {
    const second = Math.floor(dueAt / 1000);
    if (session.dueBucket !== -1 && session.dueBucket <= second) return;
    this.forget(session);
    session.dueBucket = second;
    const bucket = this.#buckets.get(second);
    if (bucket === undefined) this.#buckets.set(second, new Set([session]));
    else bucket.add(session);
  }

  /** A session that has ended must not be kept alive from here. */
  forget(session: Session): void {
    const second = session.dueBucket;
    if (second === -1) return;
    session.dueBucket = -1;
    const bucket = this.#buckets.get(second);
    bucket?.delete(session);
    if (bucket?.size === 0) this.#buckets.delete(second);
  }

  /** Takes out every session filed under a moment before `now` (ms), or in the same second. */
  take(now: number): Session[] {
    const last = Math.floor(now / 1000);
    const taken: Session[] = [];
    for (let second = this.#buckets.minKey(); second !== undefined && second <= last; ) {
      for (const session of this.#buckets.get(second) ?? NONE) {
        session.dueBucket = -1;
        taken.push(session);
      }
      this.#buckets.delete(second);
      second = this.#buckets.minKey();
    }
    return taken;
  }
}
