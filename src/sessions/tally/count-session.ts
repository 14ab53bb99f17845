import type { Counts } from '../counts.ts';
import type { Series, Standing } from '../series.ts';
import type { Host, Session } from '../session.ts';

/** Lines after which a host is no made-up name any more. */
const PROVEN = 8;

type Ended = 'created' | 'destroyed';

/** Counts a session that began or ended at an event time (ms) over all, of its host and, where it is known, of its virtual proxy. */
export function countSession(
  series: Series,
  counts: Counts,
  tally: Ended,
  session: Session,
  at: number,
  by: 1 | -1,
): void {
  const { host } = session.key;
  const durationMs = durationOf(tally, session, at, by);
  series.count(tally, 'all', at, by, durationMs);
  series.count(tally, host.dimension, at, by, durationMs, standingOf(host));
  countOfProxy(series, counts, tally, session, at, by);
}

/** The same of its virtual proxy alone. */
export function countOfProxy(
  series: Series,
  { virtualProxies }: Counts,
  tally: Ended,
  session: Session,
  at: number,
  by: 1 | -1,
): void {
  const { virtualProxy } = session;
  if (virtualProxy === null) return;
  const durationMs = durationOf(tally, session, at, by);
  const standing = virtualProxies.standingOf(virtualProxy);
  series.count(tally, `virtualProxy:${virtualProxy}`, at, by, durationMs, standing);
}

function durationOf(tally: Ended, { startedAt }: Session, at: number, by: 1 | -1): number {
  return tally === 'destroyed' ? by * Math.max(0, at - startedAt) : 0;
}

/** There are never too many hosts at once, but many may take turns. */
export function standingOf({ standing }: Host): Standing {
  return standing.lines >= PROVEN ? 'proven' : 'new';
}
