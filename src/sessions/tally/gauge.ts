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

/** Under a made-up name less is opened: whoever wants to prove more has to send more. */
const PROVEN = 8;
/** Nothing is open, and little ever was. */
const OF_NO_USE = -1;

/** What is open now under one name: sessions of a virtual proxy or connections of an app. */
export class Gauge<User> {
  readonly kind: 'virtualProxy' | 'app';
  readonly name: string;
  #dimension: Dimension | null = null;
  readonly users = new UserCounts<User>();
  /** Sessions of a virtual proxy, connections of an app. */
  open = 0;
  /** Of the sessions of a virtual proxy; of an app they are what is open. */
  #connections = 0;
  /** How often something was opened since the name is known. */
  #opened = 0;

  constructor(kind: 'virtualProxy' | 'app', name: string) {
    this.kind = kind;
    this.name = name;
  }

  /** Made when it is wanted: of most names that are made up nobody asks. */
  get dimension(): Dimension {
    this.#dimension ??= `${this.kind}:${this.name}`;
    return this.#dimension;
  }

  /** Of an app nobody counts them. */
  get sessions(): number {
    return this.kind === 'app' ? 0 : this.open;
  }

  get connections(): number {
    return this.kind === 'app' ? this.open : this.#connections;
  }

  get isProven(): boolean {
    return this.#opened >= PROVEN;
  }

  /** How well the name is known, which decides who makes room first. Of names with a like number it does not matter which has more. */
  get rank(): number {
    if (this.open === 0 && !this.isProven) return OF_NO_USE;
    return Math.floor(Math.log2(Math.max(1, this.#opened)));
  }

  enter(user: User | null): void {
    this.open += 1;
    this.#opened += 1;
    if (user !== null) this.users.add(user);
  }

  leave(user: User | null): void {
    this.open -= 1;
    if (user !== null) this.users.remove(user);
  }

  /** Connections of a session that is open under the name. */
  connect(by: number): void {
    this.#connections += by;
  }
}
