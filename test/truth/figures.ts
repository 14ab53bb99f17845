import type { Said } from './observed-site.ts';
import type { LeastAndMost } from './stays.ts';

type Counts = Said['counts'];

/** How often something was so, of the moments looked at. */
export interface Share {
  of: number;
  so: number;
}

const MOST_EXAMPLES = 3;

/** What came of holding what Headcount says against the truth. */
export class Figures {
  /** Seconds said to be exact, and how many of them were not. */
  readonly exactAndWrong: Share = { of: 0, so: 0 };
  /** Of the wrong ones those in which nobody could know: what was lost was the latest that a host had written. */
  unknowable = 0;
  /** Seconds in which the bounds have an upper end, of all. */
  readonly bounded: Share = { of: 0, so: 0 };
  /** Seconds in which the truth lies within the bounds, of those in which they have an upper end. */
  readonly within: Share = { of: 0, so: 0 };
  /** Seconds in which it does not and nobody could know; they are not in `within`. */
  unknowableBounds = 0;
  /** How far the bounds of sessions are apart, added up over those seconds. */
  widths = 0;
  /** Full minutes in which sessions, users and connections are those of the truth. */
  readonly equal: Share = { of: 0, so: 0 };
  /** The same, whatever the connections are. */
  readonly equalSessions: Share = { of: 0, so: 0 };
  /** Full minutes in which the quality is each of these. */
  readonly minutesOf = new Map<string, number>();
  minutes = 0;
  /** Full minutes, once there were two answers of each place, in which no difference was older than two answers. */
  readonly healed: Share = { of: 0, so: 0 };
  /** The same minutes, in which the quality was `reconciled`, or `exact`. */
  readonly reconciled: Share = { of: 0, so: 0 };
  /** People whose sessions were counted wrong right after the first round of polls; null where nobody was polled. */
  wrongAfterFirstRound: number | null = null;
  /** The largest difference of sessions. */
  worst = 0;
  /** Of what should not be, to look into. */
  readonly examples: string[] = [];

  second(at: number, said: Said, truth: Counts, isKnowable: boolean): void {
    const isWrong = !areEqual(said.counts, truth);
    this.worst = Math.max(this.worst, Math.abs(said.counts.sessions - truth.sessions));
    if (said.quality === 'exact') {
      note(this.exactAndWrong, isWrong);
      if (isWrong && !isKnowable) this.unknowable += 1;
      if (isWrong && isKnowable) this.example(at, 'exact and wrong', said.counts, truth);
    }
    this.#bounds(at, said, truth, isKnowable);
  }

  #bounds(at: number, { bounds }: Said, truth: Counts, isKnowable: boolean): void {
    const { sessions, users } = bounds ?? {};
    const isBounded = typeof sessions?.high === 'number' && typeof users?.high === 'number';
    note(this.bounded, isBounded);
    if (!isBounded) return;
    const isWithin = holds(sessions, truth.sessions) && holds(users, truth.users);
    if (!isWithin && !isKnowable) {
      this.unknowableBounds += 1;
      return;
    }
    note(this.within, isWithin);
    this.widths += (sessions.high ?? 0) - sessions.low;
    if (!isWithin) this.example(at, 'out of bounds', bounds, truth);
  }

  minute(at: number, said: Said, truth: Counts): void {
    this.minutes += 1;
    this.minutesOf.set(said.quality, (this.minutesOf.get(said.quality) ?? 0) + 1);
    const isEqual = areEqual(said.counts, truth);
    note(this.equal, isEqual);
    note(this.equalSessions, areEqual({ ...said.counts, connections: truth.connections }, truth));
    if (!isEqual) this.example(at, 'not equal', said.counts, truth);
  }

  /** A full minute, after two answers of each place. `truth`: of the time since the answer before the last one. */
  polledMinute(
    at: number,
    quality: string,
    tracked: ReadonlyMap<string, number>,
    truth: ReadonlyMap<string, LeastAndMost>,
  ): void {
    note(this.reconciled, quality === 'reconciled' || quality === 'exact');
    const [first, ...others] = differences(tracked, truth);
    note(this.healed, first === undefined);
    if (first !== undefined) this.example(at, 'not healed', first, `${others.length} others`);
  }

  /** Keeps the first of each kind. */
  example(at: number, kind: string, ...what: readonly unknown[]): void {
    if (this.examples.filter((each) => each.startsWith(kind)).length >= MOST_EXAMPLES) return;
    const shown = what.map((each) => JSON.stringify(each)).join(' ');
    this.examples.push(`${kind} at ${new Date(at).toISOString()}: ${shown}`);
  }
}

/** Who is counted with fewer or more sessions than there were at any moment of the time. */
export function differences(
  tracked: ReadonlyMap<string, number>,
  truth: ReadonlyMap<string, LeastAndMost>,
): string[] {
  const wrong: string[] = [];
  for (const who of new Set([...tracked.keys(), ...truth.keys()])) {
    const { least, most } = truth.get(who) ?? { least: 0, most: 0 };
    const sessions = tracked.get(who) ?? 0;
    if (sessions < least || sessions > most) wrong.push(`${who}: ${sessions} for ${least} to ${most}`);
  }
  return wrong;
}

function note(share: Share, isSo: boolean): void {
  share.of += 1;
  if (isSo) share.so += 1;
}

function areEqual(a: Counts, b: Counts): boolean {
  return a.sessions === b.sessions && a.users === b.users && a.connections === b.connections;
}

function holds({ low, high }: { low: number; high: number | null }, value: number): boolean {
  return low <= value && value <= (high ?? Number.POSITIVE_INFINITY);
}
