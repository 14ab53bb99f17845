import type { Series } from '../series.ts';
import type { Session } from '../session.ts';

/** Counts a session that began or ended at an event time (ms) over all, of its host and, where it is known, of its virtual proxy. */
export function countSession(
  series: Series,
  tally: 'created' | 'destroyed',
  session: Session,
  at: number,
  by: 1 | -1,
): void {
  const durationMs = tally === 'destroyed' ? by * Math.max(0, at - session.startedAt) : 0;
  series.count(tally, 'all', at, by, durationMs);
  series.count(tally, session.key.host.dimension, at, by, durationMs);
  if (session.virtualProxy !== null) {
    series.count(tally, `virtualProxy:${session.virtualProxy}`, at, by, durationMs);
  }
}
