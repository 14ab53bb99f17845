/** The longest pause between two rounds of a server that does not answer at all. */
const LONGEST_PAUSE_MS = 5 * 60_000;

/**
 * From the beginning of one round of polls to that of the next. `silentRounds`: how many rounds running the server gave no
 * answer of any kind; from the second on the pause doubles.
 */
export function pauseAfter(silentRounds: number, intervalMs: number): number {
  const doubled = intervalMs * 2 ** Math.min(20, Math.max(0, silentRounds - 1));
  return Math.max(intervalMs, Math.min(LONGEST_PAUSE_MS, doubled));
}

/** How long to wait for the next round: a whole number of pauses after the last one began, so that one that took too long is skipped. */
export function untilNext(pauseMs: number, tookMs: number): number {
  const pauses = Math.max(1, Math.ceil(tookMs / pauseMs));
  return pauses * pauseMs - Math.max(0, tookMs);
}

/** `4 min`, for people: the largest unit, rounded. */
export function roughly(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
}
