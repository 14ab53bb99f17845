import type { AnswerOf, SeriesPoint, series } from '../journal/read/answers.ts';
import { sum } from './added-values.ts';

type Series = AnswerOf<typeof series>;

const COUNTS = [
  ...(['created', 'destroyed', 'rejected', 'active', 'users', 'connections', 'connectedUsers'] as const),
  ...(['sessionsLow', 'sessionsHigh', 'usersLow', 'usersHigh'] as const),
] as const;
const MOST = ['sessionsHigh', 'usersHigh'] as const;

/**
 * The points of several centres as one: those of which all of them tell, added up; null where one of them does not know. With `missing`
 * partitions nobody knows the most that there may have been. Of a range that ends now they may tell about one second more or less.
 */
export function addUpPoints(parts: readonly Series[], missing: readonly number[]): Series {
  const byTime = Map.groupBy(
    parts.flatMap(({ points }) => points),
    ({ at }) => at,
  );
  const told = [...byTime].filter(([, some]) => some.length === parts.length);
  const points = told.map(([at, some]): SeriesPoint => {
    const added = COUNTS.map((name) => [name, sum(some.map((point) => point[name]))]);
    const unknown = missing.length === 0 ? [] : MOST.map((name) => [name, null]);
    return { at, ...Object.fromEntries([...added, ...unknown]) };
  });
  return {
    window: parts[0]?.window ?? null,
    stepSeconds: parts[0]?.stepSeconds ?? 0,
    points: points.sort((a, b) => (a.at < b.at ? -1 : 1)),
    partial: missing.length > 0,
    missingPartitions: missing,
  };
}
