import type { Key } from '../../../src/sessions/session.ts';
import type { Storm } from '../../../src/sessions/storms/storms.ts';

/** Storms the obvious way: every Start that ever came is kept, and looked at each time. Its clock is never set back. */
export class ModelStorms {
  readonly over: Storm[] = [];
  readonly #threshold: number;
  readonly #starts: { readonly key: Key; readonly second: number }[] = [];
  readonly #begun = new Map<
    Key,
    { readonly since: number; readonly place: number; calmSince: number | null }
  >();
  #second = 0;

  constructor(threshold: number) {
    this.#threshold = threshold;
  }

  note(key: Key, receivedAt: number): void {
    this.#second = Math.max(this.#second, Math.floor(receivedAt / 1000));
    this.#starts.push({ key, second: Math.floor(receivedAt / 1000) });
    const recent = this.#recent(key);
    if (recent.length < this.#threshold || this.#begun.has(key)) return;
    const place = this.#starts.filter((start) => start.key === key).length - recent.length;
    this.#begun.set(key, { since: Math.min(...recent) * 1000, place, calmSince: null });
  }

  tick(now: number): void {
    this.#second = Math.max(this.#second, Math.floor(now / 1000));
    for (const [key, storm] of this.#begun) {
      const isCalm = this.#recent(key).length < this.#threshold / 2;
      storm.calmSince = isCalm ? (storm.calmSince ?? now) : null;
      if (storm.calmSince === null || now - storm.calmSince < 180_000) continue;
      this.over.push(this.#told(key, storm.calmSince));
      this.#begun.delete(key);
    }
  }

  get goingOn(): Map<Key, Storm> {
    return new Map([...this.#begun.keys()].map((key) => [key, this.#told(key, null)]));
  }

  #recent(key: Key): number[] {
    return this.#starts
      .filter((start) => start.key === key && start.second > this.#second - 60)
      .map(({ second }) => second);
  }

  #told(key: Key, endedAt: number | null): Storm {
    const { since = 0, place = 0 } = this.#begun.get(key) ?? {};
    const startsTotal = this.#starts.filter((start) => start.key === key).length - place;
    return { key, since, startsTotal, startsLastMinute: this.#recent(key).length, endedAt };
  }
}
