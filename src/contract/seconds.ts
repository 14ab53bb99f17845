/**
 * Milliseconds as seconds, as people and databases read them: with three decimals at most. A mean of
 * milliseconds, or a clock that counts in fractions of them, has many more.
 */
export function secondsOf(milliseconds: number): number {
  return Math.round(milliseconds) / 1000;
}
