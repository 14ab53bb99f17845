import { secondsOf } from '../contract/seconds.ts';
import type { Bounds } from './quality/bounds.ts';

/** Step of the stored points, in seconds, and how many of them a window shows. */
export const WINDOWS = {
  '60s': { stepSeconds: 1, points: 60 },
  '1h': { stepSeconds: 5, points: 720 },
  '1d': { stepSeconds: 60, points: 1_440 },
  '1w': { stepSeconds: 3_600, points: 168 },
} as const;
export type Window = keyof typeof WINDOWS;
export const STEPS = [1, 5, 60, 3_600] as const;

/** What a point tells about: everything, a host (`host:NAME`), a virtual proxy or an app. */
export type Dimension = 'all' | `host:${string}` | `virtualProxy:${string}` | `app:${string}`;

/** What was open when a step closed. */
export interface Level {
  readonly active: number;
  readonly users: number;
  readonly connections: number;
  /** Users with an app open; null for hosts and virtual proxies, of which they are not counted. */
  readonly connectedUsers: number | null;
  /** Of the same moment; null for virtual proxies and apps, of which nobody knows them. */
  readonly bounds: Bounds | null;
}

/**
 * What happened in one second under one dimension. `created` and `destroyed` count sessions, for an app its
 * connections opened and closed. They may be negative where a later line takes an end back.
 */
export class Second {
  readonly at: number;
  readonly dimension: Dimension;
  created = 0;
  destroyed = 0;
  rejected = 0;
  /** Summed length of the sessions that ended, milliseconds. */
  durationMs = 0;
  level: Level | null = null;
  /** Something happened or changed, or it is time to repeat it: worth a row for those who follow the counts. */
  isNews = false;

  /** `at`: seconds since 1970. */
  constructor(at: number, dimension: Dimension) {
    this.at = at;
    this.dimension = dimension;
  }
}

/**
 * How well a part is known. Of a proven one everything is counted; of a new one as long as there are not too many of them at once;
 * of a surplus one only while something is open on it that got a point.
 */
export type Standing = 'proven' | 'new' | 'surplus';

export type Tally = 'created' | 'destroyed' | 'rejected';
export interface Totals {
  last5s: number;
  last1m: number;
  last1h: number;
  total: number;
}

/** Covers the last hour and event times up to 10 minutes ahead. */
const RING_SECONDS = 8_192;
const LAST_HOUR_SECONDS = 3_600;
/** Parts of which nothing is known yet and that are counted until the journal takes it: names may be made up. */
const MOST_NEW_PARTS = 2_000;
/** How far event times may be ahead of arrival. */
const MOST_AHEAD_SECONDS = 600;

/** The seconds of one dimension that the journal has yet to add up. */
class PendingSeconds {
  readonly #dimension: Dimension;
  readonly #byTime = new Map<number, Second>();
  /** The one asked for last: nearly always the next one too. */
  #last: Second | null = null;

  constructor(dimension: Dimension) {
    this.#dimension = dimension;
  }

  has(at: number): boolean {
    return this.#byTime.has(at);
  }

  at(at: number): Second {
    if (this.#last?.at === at) return this.#last;
    let second = this.#byTime.get(at);
    if (second === undefined) {
      second = new Second(at, this.#dimension);
      this.#byTime.set(at, second);
    }
    this.#last = second;
    return second;
  }

  get inOrder(): Second[] {
    return [...this.#byTime.values()].sort((a, b) => a.at - b.at);
  }
}

/** Counts by event time: totals, sliding windows of whole seconds, and the seconds the journal has yet to add up. */
export class Series {
  readonly totals: Record<Tally, number> = { created: 0, destroyed: 0, rejected: 0 };
  readonly #ring: (Second | undefined)[] = new Array(RING_SECONDS);
  #pending = new Map<Dimension, PendingSeconds>();
  #newParts = 0;
  /** Whether a part is one on which something is open. */
  isKnown: (dimension: Dimension) => boolean = () => false;

  /** Adds `by` (may be negative) at an event time in milliseconds; of too many new parts at once it is not told apart. */
  count(
    tally: Tally,
    dimension: Dimension,
    atMs: number,
    by: number,
    durationMs = 0,
    standing: Standing = 'new',
  ): void {
    if (dimension !== 'all' && !this.#hasRoomFor(dimension, standing)) return;
    const at = Math.floor(atMs / 1000);
    const pending = this.#pendingSecond(dimension, at);
    pending[tally] += by;
    pending.durationMs += durationMs;
    pending.isNews = true;
    if (dimension !== 'all') return;
    this.totals[tally] += by;
    const recent = this.#recentSecond(at);
    if (recent === null) return;
    recent[tally] += by;
    recent.durationMs += durationMs;
  }

  /** Notes what is open at the end of a second (seconds since 1970). */
  level(dimension: Dimension, at: number, level: Level, isNews: boolean): void {
    const second = this.#pendingSecond(dimension, at);
    second.level = level;
    second.isNews ||= isNews;
  }

  /** True where something was counted in that second and the journal has yet to add it up. */
  hasPending(dimension: Dimension, at: number): boolean {
    return this.#pending.get(dimension)?.has(at) === true;
  }

  #hasRoomFor(dimension: Dimension, standing: Standing): boolean {
    if (standing === 'proven' || this.#pending.has(dimension) || this.isKnown(dimension)) return true;
    if (standing === 'surplus') return false;
    this.#newParts += 1;
    return this.#newParts <= MOST_NEW_PARTS;
  }

  #pendingSecond(dimension: Dimension, at: number): Second {
    let seconds = this.#pending.get(dimension);
    if (seconds === undefined) {
      seconds = new PendingSeconds(dimension);
      this.#pending.set(dimension, seconds);
    }
    return seconds.at(at);
  }

  /** Null where a later second already has the place: too old for any window. */
  #recentSecond(at: number): Second | null {
    const place = ((at % RING_SECONDS) + RING_SECONDS) % RING_SECONDS;
    const there = this.#ring[place];
    if (there !== undefined && there.at >= at) return there.at === at ? there : null;
    const second = new Second(at, 'all');
    this.#ring[place] = second;
    return second;
  }

  /** The clock was set back to `nowMs`: seconds that cannot have come yet must not keep the places of those that will. */
  forgetFuture(nowMs: number): void {
    const last = Math.floor(nowMs / 1000) + MOST_AHEAD_SECONDS;
    for (const [place, second] of this.#ring.entries()) {
      if (second !== undefined && second.at > last) this.#ring[place] = undefined;
    }
  }

  /** Everything counted since the last call, for the journal to add up; the seconds of a dimension in their order. */
  takePending(): Second[] {
    const taken: Second[] = [];
    for (const seconds of this.#pending.values()) {
      for (const second of seconds.inOrder) taken.push(second);
    }
    this.#pending = new Map();
    this.#newParts = 0;
    return taken;
  }

  /** Puts back what the journal has added up of one second, without counting it again. */
  restore(second: Pick<Second, 'at' | Tally | 'durationMs'>): void {
    const recent = this.#recentSecond(second.at);
    if (recent === null) return;
    recent.created += second.created;
    recent.destroyed += second.destroyed;
    recent.rejected += second.rejected;
    recent.durationMs += second.durationMs;
  }

  /** Sums over the seconds that end with the current one, and the mean length (s) of sessions ended in the last hour. */
  windows(nowMs: number): Record<Tally, Totals> & { averageDurationSeconds: number | null } {
    const now = Math.floor(nowMs / 1000);
    const sums = {
      created: this.#zero('created'),
      destroyed: this.#zero('destroyed'),
      rejected: this.#zero('rejected'),
    };
    let durationMs = 0;
    for (let age = 0; age < LAST_HOUR_SECONDS; age += 1) {
      const second = this.#ring[(now - age) % RING_SECONDS];
      if (second === undefined || second.at !== now - age) continue;
      for (const tally of ['created', 'destroyed', 'rejected'] as const) {
        const n = second[tally];
        if (age < 5) sums[tally].last5s += n;
        if (age < 60) sums[tally].last1m += n;
        sums[tally].last1h += n;
      }
      durationMs += second.durationMs;
    }
    const ended = sums.destroyed.last1h;
    return { ...sums, averageDurationSeconds: ended > 0 ? secondsOf(durationMs / ended) : null };
  }

  #zero(tally: Tally): Totals {
    return { last5s: 0, last1m: 0, last1h: 0, total: this.totals[tally] };
  }
}
