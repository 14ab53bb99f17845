import type { DatabaseSync } from 'node:sqlite';
import { secondsOf } from '../../../contract/seconds.ts';
import type { Dimension } from '../../../sessions/series.ts';
import { findEvents } from '../event-search.ts';
import type { Items } from '../items.ts';
import { filtersOfPart, type Part } from './part.ts';
import type { Happened, Recently } from './part-counts.ts';
import { PartSessions } from './part-sessions.ts';

/** Three times that end together. Milliseconds since 1970 UTC, the end excluded. */
export interface Ends {
  readonly to: number;
  readonly last5s: number;
  readonly last1m: number;
  readonly last1h: number;
}

const UNKNOWN: Recently = { last5s: null, last1m: null, last1h: null };
/** Sessions, connections and rejections of the last hour, each. */
const MOST_READ = 200_000;
/** A Close that comes so much later than the Stop of its session completes the connection. */
export const LATE_CLOSE_MS = 60_000;

/** The times before a moment, to the millisecond. */
export function endsBefore(at: number): Ends {
  const to = at + 1;
  return { to, last5s: to - 5_000, last1m: to - 60_000, last1h: to - 3_600_000 };
}

/** Of whole seconds that end with the one under way, as the site counts them in memory. */
export function endsNow(now: number): Ends {
  return endsBefore(Math.floor(now / 1000) * 1000 + 999);
}

class Tally {
  readonly #ends: Ends;
  readonly #counts = { last5s: 0, last1m: 0, last1h: 0 };

  constructor(ends: Ends) {
    this.#ends = ends;
  }

  /** True where it was within the hour. */
  add(at: number, by = 1): boolean {
    const { to, last5s, last1m, last1h } = this.#ends;
    if (at < last1h || at >= to) return false;
    this.#counts.last1h += by;
    if (at >= last1m) this.#counts.last1m += by;
    if (at >= last5s) this.#counts.last5s += by;
    return true;
  }

  get found(): Recently & { readonly last1h: number } {
    return { ...this.#counts };
  }
}

/** What happened in a part, looked up in its sessions, connections and rejections as they are known now. */
export function happenedIn(database: DatabaseSync, items: Items, part: Part, ends: Ends): Happened {
  return { ...beganAndEnded(database, items, part, ends), rejected: rejected(database, items, part, ends) };
}

function beganAndEnded(
  database: DatabaseSync,
  items: Items,
  part: Part,
  ends: Ends,
): Omit<Happened, 'rejected'> {
  const sessions = new PartSessions(database, items, part, MOST_READ);
  const [created, destroyed] = [new Tally(ends), new Tally(ends)];
  let durationMs = 0;
  const add = (from: number, to: number | null): void => {
    created.add(from);
    if (to !== null && destroyed.add(to)) durationMs += Math.max(0, to - from);
  };
  for (const session of sessions.find({ from: ends.last1h - LATE_CLOSE_MS, to: ends.to })) {
    if (part.app === null) add(session.startedAt, session.endedAt);
    else for (const { openedAt, closedAt } of sessions.connectionsOf(session)) add(openedAt, closedAt);
  }
  if (sessions.hasTooManySessions || sessions.hasTooManyConnections) {
    return { created: UNKNOWN, destroyed: UNKNOWN, averageDurationSeconds: null };
  }
  return {
    created: created.found,
    destroyed: destroyed.found,
    averageDurationSeconds: mean(durationMs, destroyed.found.last1h),
  };
}

function mean(sumMs: number, count: number): number | null {
  return count > 0 ? secondsOf(sumMs / count) : null;
}

/** A rejection does not name a virtual proxy or an app. */
function rejected(database: DatabaseSync, { isShown }: Items, part: Part, ends: Ends): Recently {
  if (part.virtualProxy !== null || part.app !== null) return UNKNOWN;
  const tally = new Tally(ends);
  const filters = {
    ...filtersOfPart(part),
    kind: 'session_rejected',
    from: ends.last1h,
    to: ends.to,
  } as const;
  const bySeq = database.prepare('SELECT at FROM events WHERE seq = ?');
  let read = 0;
  for (const seq of findEvents(database, filters, null, isShown)) {
    tally.add(Number(bySeq.get(seq)?.['at']));
    read += 1;
    if (read > MOST_READ) return UNKNOWN;
  }
  return tally.found;
}

const SECONDS = `
SELECT at, created, destroyed, rejected, duration_ms FROM points
WHERE dimension = (SELECT id FROM dimensions WHERE name = ?) AND step = 1 AND at >= ? AND at < ?`;

/** The same of a whole host or a whole virtual proxy, of whose last two hours the store has the seconds. */
export function happenedOn(database: DatabaseSync, dimension: Dimension, ends: Ends): Happened {
  const [created, destroyed, rejected] = [new Tally(ends), new Tally(ends), new Tally(ends)];
  let durationMs = 0;
  for (const row of database.prepare(SECONDS).iterate(dimension, ends.last1h / 1000, ends.to / 1000)) {
    const at = Number(row['at']) * 1000;
    created.add(at, Number(row['created']));
    destroyed.add(at, Number(row['destroyed']));
    rejected.add(at, Number(row['rejected']));
    durationMs += Number(row['duration_ms']);
  }
  return {
    created: created.found,
    destroyed: destroyed.found,
    rejected: dimension.startsWith('host:') ? rejected.found : UNKNOWN,
    averageDurationSeconds: mean(durationMs, destroyed.found.last1h),
  };
}
