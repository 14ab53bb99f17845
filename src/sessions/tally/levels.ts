import { type Bounds, isSameBounds } from '../quality/bounds.ts';
import type { Dimension, Level, Series } from '../series.ts';

/** How often a level that does not change is written again, seconds. */
const REPEAT_SECONDS = 60;
/** Unlike any real level. */
const UNKNOWN: Level = { active: -1, users: -1, connections: -1, connectedUsers: null, bounds: null };
/** Of a part that is not there any more. */
const GONE: Level = { active: 0, users: 0, connections: 0, connectedUsers: 0, bounds: null };

/**
 * Writes what is open at the end of each second into the series: over all every second (a second without
 * it is one in which we did not run), of a part only when it changed, vanished, something happened in it, or a minute has passed.
 */
export class Levels {
  readonly #series: Series;
  #before = new Map<Dimension, Level>();
  #now = new Map<Dimension, Level>();
  #second = 0;

  constructor(series: Series) {
    this.#series = series;
    series.isKnown = (dimension) => this.#before.has(dimension);
  }

  /** The parts that were not empty when last noted. */
  get parts(): Dimension[] {
    return [...this.#before.keys()];
  }

  /** After a restart: parts that may have become empty unnoticed get a level in any case. */
  restore(parts: readonly Dimension[]): void {
    this.#before = new Map(parts.map((part) => [part, UNKNOWN]));
  }

  /** `second`: seconds since 1970. */
  begin(second: number): void {
    this.#second = second;
    this.#now = new Map();
  }

  note(
    dimension: Dimension,
    active: number,
    users: number,
    connections: number,
    { connectedUsers = null, bounds = null }: Partial<Pick<Level, 'connectedUsers' | 'bounds'>> = {},
  ): void {
    const before = this.#before.get(dimension);
    const same =
      before?.active === active &&
      before.users === users &&
      before.connections === connections &&
      before.connectedUsers === connectedUsers &&
      isSameBounds(before.bounds, bounds);
    const level = same ? before : { active, users, connections, connectedUsers, bounds };
    this.#now.set(dimension, level);
    const isNews = !same || this.#second % REPEAT_SECONDS === 0;
    const isCounted = isNews || dimension === 'all' || this.#series.hasPending(dimension, this.#second);
    if (isCounted) this.#series.level(dimension, this.#second, level, isNews);
  }

  /** True where something was noted or counted that an empty part has to follow. */
  isOfInterest(dimension: Dimension): boolean {
    return this.#before.has(dimension) || this.#series.hasPending(dimension, this.#second);
  }

  /** A part on which nothing is open: written when that or its bounds are new, never again only because time passes. */
  noteEmpty(dimension: Dimension, bounds: Bounds): void {
    const before = this.#before.get(dimension);
    // What lost lines may have opened there has yet to be found out.
    const isOpen = bounds.sessions.high !== null && bounds.sessions.high > 0;
    const isNews =
      before === undefined ? isOpen : before.active !== 0 || !isSameBounds(before.bounds, bounds);
    const level = { active: 0, users: 0, connections: 0, connectedUsers: null, bounds };
    if (isNews || this.#series.hasPending(dimension, this.#second)) {
      this.#series.level(dimension, this.#second, level, isNews);
    }
    if (isOpen) this.#now.set(dimension, level);
    else this.#before.delete(dimension);
  }

  finish(): void {
    for (const dimension of this.#before.keys()) {
      if (!this.#now.has(dimension)) this.#series.level(dimension, this.#second, GONE, true);
    }
    this.#before = this.#now;
  }
}
