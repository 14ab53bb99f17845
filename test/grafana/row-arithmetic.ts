import type { Row } from './ask-panel.ts';

/** Of a column. */
export function sum(rows: readonly Row[], column: string): number {
  return rows.reduce((total, row) => total + Number(row[column]), 0);
}

/** The step between points, ms: the shortest one there is. */
export function stepOf(rows: readonly Row[]): number {
  const times = [...new Set(rows.map(({ time }) => Number(time)))];
  return Math.min(...times.slice(1).map((time, place) => time - (times[place] ?? 0)));
}

/** How many of the times fall into each step of a panel. */
export function histogram(times: readonly number[], rows: readonly Row[]): Map<number, number> {
  const step = stepOf(rows);
  const counts = new Map<number, number>();
  for (const time of times.toSorted((a, b) => a - b)) {
    const at = Math.floor(time / step) * step;
    counts.set(at, (counts.get(at) ?? 0) + 1);
  }
  return counts;
}

/** What a column shows at its times, without zeros. */
export function nonZero(rows: readonly Row[], column: string): Map<number, number> {
  const shown = rows.filter((row) => Number(row[column]) !== 0);
  return new Map(shown.map((row) => [Number(row['time']), Number(row[column])]));
}

/** Adds a member to the set of a key. */
export function add(sets: Map<string, Set<string>>, key: string, member: string): void {
  const set = sets.get(key) ?? new Set();
  sets.set(key, set.add(member));
}

/** How many members each set has. */
export function sizes(sets: ReadonlyMap<string, ReadonlySet<string>>): Record<string, number> {
  return Object.fromEntries([...sets].map(([key, { size }]) => [key, size]));
}

/** Users by what stands in another column. */
export function pairs(rows: readonly Row[], column: string): Record<string, unknown> {
  return Object.fromEntries(rows.map((row) => [row[column], row['users']]));
}
