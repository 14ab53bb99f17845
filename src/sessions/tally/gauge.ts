import type { Dimension } from '../series.ts';

/** How often each user is there. Of nearly every name that somebody makes up it is one user: that one needs no map. */
export class UserCounts<User> {
  #only: User | null = null;
  #onlyCount = 0;
  #counts: Map<User, number> | null = null;

  get size(): number {
    if (this.#counts !== null) return this.#counts.size;
    return this.#onlyCount > 0 ? 1 : 0;
  }

  add(user: User): void {
    if (this.#counts !== null) this.#counts.set(user, (this.#counts.get(user) ?? 0) + 1);
    else if (this.#onlyCount === 0 || this.#only === user) {
      this.#only = user;
      this.#onlyCount += 1;
    } else {
      this.#counts = new Map([[this.#only as User, this.#onlyCount]]);
      this.#counts.set(user, 1);
    }
  }

  remove(user: User): void {
    if (this.#counts === null) {
      this.#onlyCount -= 1;
      return;
    }
    const left = (this.#counts.get(user) ?? 0) - 1;
    if (left > 0) this.#counts.set(user, left);
    else this.#counts.delete(user);
  }
}

/** What is open now under one name: a virtual proxy or an app. */
export class Gauge<User> {
  readonly #kind: 'virtualProxy' | 'app';
  readonly #name: string;
  #dimension: Dimension | null = null;
  readonly users = new UserCounts<User>();
  sessions = 0;
  connections = 0;

  constructor(kind: 'virtualProxy' | 'app', name: string) {
    this.#kind = kind;
    this.#name = name;
  }

  /** Made when it is wanted: of most names that are made up nobody asks. */
  get dimension(): Dimension {
    this.#dimension ??= `${this.#kind}:${this.#name}`;
    return this.#dimension;
  }

  add(user: User | null): void {
    if (user !== null) this.users.add(user);
  }

  remove(user: User | null): void {
    if (user !== null) this.users.remove(user);
  }
}

/** Of those, so many make room at once. */
const PART = 8;

/** Those of which the fewest connections are open, in powers of two, and of these the ones that came first, make room for another name. */
export function makeRoom<User>(gauges: Map<string, Gauge<User>>): void {
  let left = Math.ceil(gauges.size / PART);
  for (let fewest = 1; left > 0; fewest *= 2) {
    for (const [name, { connections }] of gauges) {
      if (connections > fewest) continue;
      gauges.delete(name);
      left -= 1;
      if (left === 0) return;
    }
  }
}
