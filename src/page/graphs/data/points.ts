/** Null where nobody knows. */
export type Value = number | null;

/** The numbers of one step, which begins at `at`: ms since 1970 UTC. */
export interface Point {
  readonly at: number;
  readonly created: Value;
  readonly destroyed: Value;
  readonly rejected: Value;
  readonly active: Value;
  readonly users: Value;
  readonly connectedUsers: Value;
  readonly sessionsLow: Value;
  readonly sessionsHigh: Value;
}

/** What the API tells of a step: of a part of the site it tells less. */
export type Told = { readonly at: string } & Readonly<Partial<Record<keyof Omit<Point, 'at'>, Value>>>;

export function pointOf(told: Told): Point {
  return {
    at: Date.parse(told.at),
    created: told.created ?? null,
    destroyed: told.destroyed ?? null,
    rejected: told.rejected ?? null,
    active: told.active ?? null,
    users: told.users ?? null,
    connectedUsers: told.connectedUsers ?? null,
    sessionsLow: told.sessionsLow ?? null,
    sessionsHigh: told.sessionsHigh ?? null,
  };
}

/** Points with newer ones, which stand where there are both; only the newest `most`. Both oldest first. */
export function merged(points: readonly Point[], newer: readonly Point[], most: number): readonly Point[] {
  const [first] = newer;
  if (first === undefined) return points;
  return [...points.filter(({ at }) => at < first.at), ...newer].slice(-most);
}

/** The values of other points at given times, which are theirs or not. */
export function alignedTo(
  times: readonly number[],
  points: readonly Point[],
  read: (point: Point) => Value,
): Value[] {
  const byTime = new Map(points.map((point) => [point.at, read(point)]));
  return times.map((at) => byTime.get(at) ?? null);
}

/** The places of values with nobody beside them: a line has nothing to draw there. */
export function lonePlaces(values: readonly (Value | undefined)[]): number[] {
  const isKnown = (place: number): boolean => (values[place] ?? null) !== null;
  return [...values.keys()].filter((place) => isKnown(place) && !isKnown(place - 1) && !isKnown(place + 1));
}

/**
 * Values of what happens, as they are drawn while their last step goes on: what happened in it so far would look like a fall.
 * It is drawn all the same where it has nothing to fall from.
 */
export function withoutRunning(values: readonly Value[]): readonly Value[] {
  return (values.at(-2) ?? null) === null ? values : values.with(-1, null);
}
