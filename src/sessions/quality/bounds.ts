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
