import type { DatabaseSync } from 'node:sqlite';
import type { Dimension } from '../../../sessions/series.ts';

type Row = Readonly<Record<string, number | null>>;

const POINTS = `
SELECT at, created, destroyed, rejected, active, users, connections, connected_users AS connectedUsers, sessions_low AS sessionsLow,
  sessions_high AS sessionsHigh, users_low AS usersLow, users_high AS usersHigh FROM points
WHERE dimension = (SELECT id FROM dimensions WHERE name = ?) AND step = ?`;

/** The steps from one to another, both included, in seconds since 1970. */
export interface StepRange {
  readonly stepSeconds: number;
  readonly first: number;
  readonly last: number;
}

/** Counts as far as they are known, nulls elsewhere. `at`: seconds since 1970. */
export interface Step extends Counts, Level {
  readonly at: number;
}
interface Counts {
  readonly created: number | null;
  readonly destroyed: number | null;
  readonly rejected: number | null;
}
/** What was open when the step closed, and what the truth about that lies between. */
interface Level {
  readonly active: number | null;
  readonly users: number | null;
  readonly connections: number | null;
  readonly connectedUsers: number | null;
  readonly sessionsLow: number | null;
  readonly sessionsHigh: number | null;
  readonly usersLow: number | null;
  readonly usersHigh: number | null;
}

/**
 * Steps of everything or of one name, as they were written down when they closed. A step in which the program did not run
 * has no level, and null counts unless an event time falls into it.
 */
export function* storedSteps(
  database: DatabaseSync,
  dimension: Dimension,
  range: StepRange,
): Generator<Step> {
  const { stepSeconds, first, last } = range;
  const ran = rowsOf(database, 'all', range);
  const rows = dimension === 'all' ? ran : rowsOf(database, dimension, range);
  const before = database
    .prepare(`${POINTS} AND at < ? AND active IS NOT NULL ORDER BY at DESC LIMIT 1`)
    .get(dimension, stepSeconds, first) as Row | undefined;
  // A rejection does not name a virtual proxy or an app.
  const hasRejected = dimension === 'all' || dimension.startsWith('host:');
  let level: Row = before ?? ZERO;
  for (let at = first; at <= last; at += stepSeconds) {
    const row = rows.get(at);
    const running = isRunning(ran.get(at));
    // What a part had open stands until it changes: only changes of it are written.
    if (row?.['active'] != null) level = row;
    const counts = countsOf(row ?? (running ? ZERO : UNKNOWN));
    yield {
      at,
      ...counts,
      rejected: hasRejected ? counts.rejected : null,
      ...levelOf(running ? level : UNKNOWN),
    };
  }
}

function rowsOf(
  database: DatabaseSync,
  name: Dimension,
  { stepSeconds, first, last }: StepRange,
): Map<number, Row> {
  const rows = database.prepare(`${POINTS} AND at BETWEEN ? AND ?`).all(name, stepSeconds, first, last);
  return new Map((rows as Row[]).map((row) => [Number(row['at']), row]));
}

/** The steps of a range in which the program ran, as far as the store still says so. */
export function runningSteps(database: DatabaseSync, range: StepRange): Set<number> {
  const rows = [...rowsOf(database, 'all', range)].filter(([, row]) => isRunning(row));
  return new Set(rows.map(([at]) => at));
}

function isRunning(ofAll: Row | undefined): boolean {
  return ofAll?.['active'] != null;
}

/** What is not known of every part. */
export const NOT_OF_PARTS = {
  connectedUsers: null,
  sessionsLow: null,
  sessionsHigh: null,
  usersLow: null,
  usersHigh: null,
};
const ZERO = {
  ...{ created: 0, destroyed: 0, rejected: 0 },
  ...{ active: 0, users: 0, connections: 0, ...NOT_OF_PARTS },
};
export const UNKNOWN = {
  ...{ created: null, destroyed: null, rejected: null },
  ...{ active: null, users: null, connections: null, ...NOT_OF_PARTS },
};

function countsOf(row: Row | Counts): Counts {
  const { created = null, destroyed = null, rejected = null } = row as Counts;
  return { created, destroyed, rejected };
}

export function levelOf(row: Row | Level): Level {
  const { active = null, users = null, connections = null, connectedUsers = null } = row as Level;
  const { sessionsLow = null, sessionsHigh = null, usersLow = null, usersHigh = null } = row as Level;
  return { active, users, connections, connectedUsers, sessionsLow, sessionsHigh, usersLow, usersHigh };
}
