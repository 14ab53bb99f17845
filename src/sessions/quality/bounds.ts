import type { LikelyChange } from '../lost-lines/line-mix.ts';
import { DEVIATIONS, type LikelyRange } from './balance.ts';

/** The true number lies between these; `high` is null where nobody can know. */
export interface Range {
  readonly low: number;
  readonly high: number | null;
}

/** What the truth about a count of sessions and users lies between. */
export interface Bounds {
  readonly sessions: Range;
  readonly users: Range;
}

export function isSameBounds(one: Bounds | null, other: Bounds | null): boolean {
  if (one === null || other === null) return one === other;
  return isSameRange(one.sessions, other.sessions) && isSameRange(one.users, other.users);
}

function isSameRange(one: Range, other: Range): boolean {
  return one.low === other.low && one.high === other.high;
}

/** What lines that nobody has read, in a number that is not known for sure, may have done besides. */
export function widened({ low, high, variance }: LikelyRange, may: LikelyChange): LikelyRange {
  return {
    low: low + Math.min(0, may.mean),
    high: high + Math.max(0, may.mean),
    variance: variance + may.variance,
  };
}

/** That of several hosts, whose lines are lost independently of each other. */
export function together(ranges: readonly LikelyRange[]): LikelyRange {
  const sum = (of: keyof LikelyRange) => ranges.reduce((before, range) => before + range[of], 0);
  return { low: sum('low'), high: sum('high'), variance: sum('variance') };
}

/** The ends in whole sessions. */
export function endsOf({ low, high, variance }: LikelyRange): {
  readonly low: number;
  readonly high: number;
} {
  const reach = DEVIATIONS * Math.sqrt(variance);
  return { low: Math.max(0, Math.floor(low - reach)), high: Math.ceil(high + reach) };
}

/**
 * Certain bounds, made narrower by what is likely. The count itself stays within them, since it is no more than what is
 * known; so does it where both contradict each other.
 */
export function narrowed(certain: Bounds, likely: LikelyRange, sessions: number, users: number): Bounds {
  const ends = endsOf(likely);
  // Where somebody has two sessions is not known of those who are missed: there are fewer users than sessions.
  const ofUsers = { low: ends.low - (sessions - users), high: ends.high };
  return {
    sessions: narrowedTo(certain.sessions, ends, sessions),
    users: narrowedTo(certain.users, ofUsers, users),
  };
}

function narrowedTo(certain: Range, { low, high }: { low: number; high: number }, count: number): Range {
  return {
    low: Math.max(certain.low, Math.min(low, count)),
    high: certain.high === null ? null : Math.min(certain.high, Math.max(high, count)),
  };
}
