/** Null where one of them is not known; 0 of none. */
export function sum(values: readonly (number | null)[]): number | null {
  let all = 0;
  for (const value of values) {
    if (value === null) return null;
    all += value;
  }
  return all;
}

/** Of times in ISO 8601 UTC: null where one of them is, and of none. */
export function earliest(times: readonly (string | null)[]): string | null {
  return times.includes(null) ? null : (times.toSorted()[0] ?? null);
}

/** The same. */
export function latest(times: readonly (string | null)[]): string | null {
  return times.includes(null) ? null : (times.toSorted().at(-1) ?? null);
}
