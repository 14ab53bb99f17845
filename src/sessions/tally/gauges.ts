import type { Standing } from '../series.ts';
import { Gauge } from './gauge.ts';

/** So many times as many names are known as get points: whoever is new has that long to prove more. */
const KNOWN_TIMES = 4;
/** Of all names that are known so many make room at once: each time all of them are sorted. */
const PART = 8;

/**
 * What is open now under each name of one kind. Senders make up names, so there is a bound, and a newcomer always gets in: where
 * there are too many, those make room that are the least proven. What is open under a name that made room is in none of these numbers.
 */
export class Gauges<User> {
  readonly #kind: Gauge<User>['kind'];
  readonly #mostKnown: number;
  readonly #mostShown: number;
  /** In the order in which they became known. */
  readonly #gauges = new Map<string, Gauge<User>>();
  #open = 0;

  /** `mostShown`: so many names get points. */
  constructor(kind: Gauge<User>['kind'], mostShown: number) {
    this.#kind = kind;
    this.#mostShown = mostShown;
    this.#mostKnown = KNOWN_TIMES * mostShown;
  }

  /** Names under which something is open. */
  get size(): number {
    return this.#open;
  }

  /** Whether what happens under a name is worth points. */
  standingOf(name: string): Standing {
    if (this.#gauges.get(name)?.isProven === true) return 'proven';
    return this.#open > this.#mostShown ? 'surplus' : 'new';
  }

  /** Those under which something is open, in the order in which they became known. */
  *[Symbol.iterator](): Generator<[name: string, gauge: Gauge<User>]> {
    for (const entry of this.#gauges) if (entry[1].open > 0) yield entry;
  }

  *keys(): Generator<string> {
    for (const [name] of this) yield name;
  }

  /** Something has been opened under a name: to be left with the gauge that this returns. */
  enter(name: string, user: User | null): Gauge<User> {
    let gauge = this.#gauges.get(name);
    if (gauge === undefined) {
      if (this.#gauges.size >= this.#mostKnown) this.#makeRoom();
      gauge = new Gauge(this.#kind, name);
      this.#gauges.set(name, gauge);
    }
    if (gauge.open === 0) this.#open += 1;
    gauge.enter(user);
    return gauge;
  }

  leave(gauge: Gauge<User>, user: User | null): void {
    gauge.leave(user);
    // Not the one of that name, if there was no room for this one.
    if (gauge.open === 0 && this.#gauges.get(gauge.name) === gauge) this.#open -= 1;
  }

  /**
   * Those that get points: of too many the best proven, and of these the ones that are known for longest. So made-up names neither
   * push others out nor change from second to second.
   */
  get shown(): Iterable<Gauge<User>> {
    const open = Array.from(this, ([, gauge]) => gauge);
    return open.length <= this.#mostShown ? open : open.sort(byRank).slice(0, this.#mostShown);
  }

  /** Those that would get points stay; of the others the least proven go, and of these the ones that are known for longest. */
  #makeRoom(): void {
    const others = [...this.#gauges.values()].sort(byRank).slice(this.#mostShown);
    const gone = others.sort((a, b) => byRank(b, a)).slice(0, Math.ceil(this.#mostKnown / PART));
    for (const gauge of gone) {
      this.#gauges.delete(gauge.name);
      if (gauge.open > 0) this.#open -= 1;
    }
  }
}

/** The best proven first. */
function byRank(a: Gauge<unknown>, b: Gauge<unknown>): number {
  return b.rank - a.rank;
}
