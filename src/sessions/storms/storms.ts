import type { UserEvent } from '../../contract/event.ts';
import type { Key } from '../session.ts';
import { isOver, LastMinute } from './last-minute.ts';

/** Keys that are watched at once: senders make up names. */
const MOST_WATCHED = 10_000;
/** Storms that are listed, of those that go on and of those that are over. */
const MOST_LISTED = 100;
const MOST_OVER = 20;
const OVER_KEPT_MS = 24 * 3_600_000;
/** A storm is over when there were fewer than half as many Starts as make one for so long. */
const CALM_MS = 3 * 60_000;
/** Lines that tell of what was longer ago come from a queue somewhere, many at once. A clock that is off by more is corrected. */
const LATE_MS = 2 * 60_000;

/** One user who logs in again and again on one host. Times by our clock, ms since 1970 UTC. */
export interface Storm {
  readonly key: Key;
  /** The first Start of the minute in which there were enough. */
  readonly since: number;
  /** Since then. */
  readonly startsTotal: number;
  readonly startsLastMinute: number;
  /** When it had become calm; null while it goes on. */
  readonly endedAt: number | null;
}

interface Watched {
  readonly key: Key;
  readonly lastMinute: LastMinute;
  storm: GoingOn | null;
}

interface GoingOn {
  readonly since: number;
  startsTotal: number;
  calmSince: number | null;
}

/**
 * Who logs in so often that it is no person: a page in an iframe that is sent back to its log-in has been seen to start 104 sessions
 * a minute. A Start costs O(1). Where too many keys are watched, the half with the fewest Starts makes room.
 */
export class Storms {
  onBegun: (storm: Storm) => void = () => {};
  onEnded: (storm: Storm) => void = () => {};
  readonly #starts: number;
  readonly #mostWatched: number;
  /** In the order in which they began to be watched. */
  readonly #watched = new Map<Key, Watched>();
  readonly #goingOn = new Map<Watched, GoingOn>();
  /** The one that ended last at the end. */
  #over: Storm[] = [];
  /** The latest of our clock, since 1970. */
  #second = Number.NEGATIVE_INFINITY;
  #sweptIn = Number.NEGATIVE_INFINITY;

  /** `starts`: so many Starts of one key within a minute are a storm; with 0 nobody is watched. */
  constructor(starts: number, mostWatched = MOST_WATCHED) {
    this.#starts = starts;
    this.#mostWatched = mostWatched;
  }

  /** A Start came. */
  note(key: Key, { at, receivedAt }: Pick<UserEvent, 'at' | 'receivedAt'>): void {
    if (this.#starts === 0 || receivedAt - at > LATE_MS) return;
    const second = Math.floor(receivedAt / 1000);
    this.#advance(second);
    const watched = this.#watched.get(key) ?? this.#watch(key);
    watched.lastMinute.add(second);
    if (watched.storm !== null) watched.storm.startsTotal += 1;
    else if (watched.lastMinute.at(this.#second) >= this.#starts) this.#begin(watched);
  }

  /** To be called once a second. */
  tick(now: number): void {
    const second = Math.floor(now / 1000);
    this.#advance(second);
    for (const [watched, storm] of this.#goingOn) {
      // Of whom the rules of now exclude nothing more comes, and nothing is said.
      if (watched.key.isHidden) this.#end(watched, storm, now);
      else if (2 * watched.lastMinute.at(second) >= this.#starts) storm.calmSince = null;
      else {
        storm.calmSince ??= now;
        if (now - storm.calmSince >= CALM_MS) this.#end(watched, storm, storm.calmSince);
      }
    }
    if (!isOver(this.#sweptIn, second)) return;
    this.#sweptIn = second;
    for (const watched of this.#watched.values()) {
      if (watched.storm === null && watched.lastMinute.at(second) === 0) this.#watched.delete(watched.key);
    }
    this.#over = this.#over.filter(({ endedAt }) => Math.abs(now - (endedAt ?? now)) < OVER_KEPT_MS);
  }

  /** Those that go on, the largest first, then the latest that are over; without those whom the rules of now exclude. */
  get all(): Storm[] {
    const isShown = ({ key }: Storm): boolean => !key.isHidden;
    const largestFirst = (one: Storm, other: Storm): number =>
      other.startsLastMinute - one.startsLastMinute || other.startsTotal - one.startsTotal;
    const goingOn = Array.from(this.#goingOn, ([watched, storm]) => this.#told(watched, storm, null));
    return [
      ...goingOn.filter(isShown).sort(largestFirst).slice(0, MOST_LISTED),
      ...this.#over.filter(isShown).toReversed(),
    ];
  }

  /** How many go on, by host; hosts without one are not there. */
  get byHost(): ReadonlyMap<string, number> {
    const numbers = new Map<string, number>();
    for (const { key } of this.#goingOn.keys()) {
      if (!key.isHidden) numbers.set(key.host.name, (numbers.get(key.host.name) ?? 0) + 1);
    }
    return numbers;
  }

  #advance(second: number): void {
    // A clock that was set back makes a past of what is yet to come: counting begins anew.
    if (isOver(second, this.#second)) {
      for (const [watched, storm] of this.#goingOn) this.#end(watched, storm, storm.since);
      this.#watched.clear();
      this.#second = second;
      this.#sweptIn = second;
    }
    this.#second = Math.max(this.#second, second);
  }

  #watch(key: Key): Watched {
    if (this.#watched.size >= this.#mostWatched) this.#makeRoom();
    const watched: Watched = { key, lastMinute: new LastMinute(), storm: null };
    this.#watched.set(key, watched);
    return watched;
  }

  /** Of those with equally few, the ones that were watched first. */
  #makeRoom(): void {
    const second = this.#second;
    const half = Math.ceil(this.#watched.size / 2);
    const fewestFirst = Uint32Array.from(this.#watched.values(), ({ lastMinute }) =>
      lastMinute.at(second),
    ).sort();
    const most = fewestFirst[half - 1] ?? 0;
    let withMost = half - fewestFirst.indexOf(most);
    for (const watched of this.#watched.values()) {
      const starts = watched.lastMinute.at(second);
      if (starts > most || (starts === most && withMost === 0)) continue;
      if (starts === most) withMost -= 1;
      if (watched.storm !== null) this.#end(watched, watched.storm, second * 1000);
      this.#watched.delete(watched.key);
    }
  }

  #begin(watched: Watched): void {
    const { lastMinute } = watched;
    const since = (lastMinute.first ?? this.#second) * 1000;
    const storm: GoingOn = { since, startsTotal: lastMinute.at(this.#second), calmSince: null };
    watched.storm = storm;
    this.#goingOn.set(watched, storm);
    this.onBegun(this.#told(watched, storm, null));
  }

  #end(watched: Watched, storm: GoingOn, endedAt: number): void {
    watched.storm = null;
    this.#goingOn.delete(watched);
    const over = this.#told(watched, storm, endedAt);
    this.#over = [...this.#over, over].slice(-MOST_OVER);
    this.onEnded(over);
  }

  #told({ key, lastMinute }: Watched, { since, startsTotal }: GoingOn, endedAt: number | null): Storm {
    return { key, since, startsTotal, startsLastMinute: lastMinute.at(this.#second), endedAt };
  }
}
