/** A session as far as peaks go. Times are milliseconds since 1970 UTC. */
export interface Stay {
  readonly startedAt: number;
  /** Null while it is open. */
  readonly endedAt: number | null;
  /** A number for each user; null where nobody knows who. */
  readonly person: number | null;
}

/** Sense keeps a licence seat so long after its session has ended, and gives one user no more of them. Fixed in the product. */
export const SEAT_HELD_MS = 5 * 60_000;
export const SEATS_OF_ONE = 5;

/** The most at one moment, and when that was first. */
export interface Peak {
  readonly peak: number;
  /** Null where the peak is 0. */
  readonly at: number | null;
}

export interface Peaks {
  readonly sessions: Peak;
  /** Distinct users with a session. */
  readonly users: Peak;
  /** Licence seats in use. */
  readonly seats: Peak;
  /** Sessions that began. */
  readonly created: number;
}

/** A change at one moment: a session begins, it ends, and later it gives back its seat. */
const STARTS = 0;
const ENDS = 1;
const FREES = 2;

/**
 * The peaks between each two neighbours of `cuts`, which rise; the second one excluded. Goes once through all starts and
 * ends in their order. Wants every session that held a seat at some moment in between.
 */
export function peaksBetween(cuts: readonly number[], stays: readonly Stay[]): Peaks[] {
  const changes = changesOf(stays);
  const open = new OpenStays();
  const found: Peaks[] = [];
  let place = 0;
  for (const [index, from] of cuts.slice(0, -1).entries()) {
    const to = cuts[index + 1] as number;
    for (; (changes[place]?.at ?? to) < from; place += 1) open.apply(changes[place] as Change);
    const tops = { sessions: new Top(), users: new Top(), seats: new Top() };
    const look = (at: number): void => {
      for (const name of ['sessions', 'users', 'seats'] as const) tops[name].take(open[name], at);
    };
    let created = 0;
    // What begins and ends at one moment is looked at when all of it has happened.
    for (let at = from; at < to; at = changes[place]?.at ?? to) {
      for (let change = changes[place]; change?.at === at; change = changes[++place]) {
        open.apply(change);
        if (change.kind === STARTS) created += 1;
      }
      look(at);
    }
    const { sessions, users, seats } = tops;
    found.push({ sessions: sessions.found, users: users.found, seats: seats.found, created });
  }
  return found;
}

interface Change {
  readonly at: number;
  readonly kind: typeof STARTS | typeof ENDS | typeof FREES;
  readonly person: number | null;
}

function changesOf(stays: readonly Stay[]): Change[] {
  const changes: Change[] = [];
  for (const { startedAt, endedAt, person } of stays) {
    changes.push({ at: startedAt, kind: STARTS, person });
    if (endedAt === null) continue;
    changes.push({ at: endedAt, kind: ENDS, person });
    changes.push({ at: endedAt + SEAT_HELD_MS, kind: FREES, person });
  }
  return changes.sort((a, b) => a.at - b.at);
}

class Top {
  #peak = 0;
  #at: number | null = null;

  take(value: number, at: number): void {
    if (value <= this.#peak) return;
    this.#peak = value;
    this.#at = at;
  }

  get found(): Peak {
    return { peak: this.#peak, at: this.#at };
  }
}

class OpenStays {
  sessions = 0;
  users = 0;
  seats = 0;
  readonly #sessionsOf = new Map<number, number>();
  readonly #seatsOf = new Map<number, number>();

  apply({ kind, person }: Change): void {
    if (kind !== FREES) this.#move(person, kind === STARTS ? 1 : -1);
    if (kind !== ENDS) this.#moveSeat(person, kind === STARTS ? 1 : -1);
  }

  #move(person: number | null, by: 1 | -1): void {
    this.sessions += by;
    if (person === null) return;
    const before = this.#sessionsOf.get(person) ?? 0;
    this.#sessionsOf.set(person, before + by);
    if (before === 0) this.users += 1;
    if (before + by === 0) this.users -= 1;
  }

  #moveSeat(person: number | null, by: 1 | -1): void {
    if (person === null) {
      this.seats += by;
      return;
    }
    const before = this.#seatsOf.get(person) ?? 0;
    this.#seatsOf.set(person, before + by);
    this.seats += Math.min(before + by, SEATS_OF_ONE) - Math.min(before, SEATS_OF_ONE);
  }
}
