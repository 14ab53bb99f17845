import type { DatabaseSync } from 'node:sqlite';
import { type Dimension, WINDOWS, type Window } from '../../sessions/series.ts';
import type { Answers, SeriesPoint } from './answers.ts';
import { Calendar } from './calendar.ts';

type Row = Readonly<Record<string, number | null>>;

const POINTS = `
SELECT at, created, destroyed, rejected, active, users, connections, sessions_low AS sessionsLow,
  sessions_high AS sessionsHigh, users_low AS usersLow, users_high AS usersHigh FROM points
WHERE dimension = (SELECT id FROM dimensions WHERE name = ?) AND step = ?`;

const HOUR_SECONDS = 3_600;
const DAY_SECONDS = 86_400;

/** Steps that a range may have, in seconds. A day is made of the hours that begin in it. */
export const RANGE_STEPS = { '1s': 1, '5s': 5, '1m': 60, '1h': HOUR_SECONDS, '1d': DAY_SECONDS } as const;
export type RangeStep = keyof typeof RANGE_STEPS;

/** Steps that begin from `from` on and before `to`, and the one in which `from` lies. Milliseconds since 1970 UTC. */
export interface SeriesRange {
  readonly from: number;
  readonly to: number;
  readonly step: RangeStep;
  /** Days begin at midnight there. */
  readonly timeZone: string;
}

/** A window that ends now, or any range. */
export type SeriesSpan = Window | SeriesRange;

/**
 * The points of a span, oldest first; the last one of a window is the step of the last full second. A step in which
 * the program did not run has no level, and null counts unless an event time falls into it.
 */
export function seriesOf(
  database: DatabaseSync,
  span: SeriesSpan,
  dimension: Dimension,
  now: number,
): Answers['series'] {
  if (typeof span !== 'string') {
    const points = (span.step === '1d' ? days : steps)(database, dimension, span);
    return { window: null, stepSeconds: RANGE_STEPS[span.step], points };
  }
  const { stepSeconds, points } = WINDOWS[span];
  // The second that is not over yet has no level.
  const last = Math.floor((now / 1000 - 1) / stepSeconds) * stepSeconds;
  const found = stepsOf(database, dimension, stepSeconds, last - (points - 1) * stepSeconds, last);
  return { window: span, stepSeconds, points: Array.from(found, point) };
}

function steps(database: DatabaseSync, dimension: Dimension, { from, to, step }: SeriesRange): SeriesPoint[] {
  const stepSeconds = RANGE_STEPS[step];
  const last = (Math.ceil(to / 1000 / stepSeconds) - 1) * stepSeconds;
  const first = Math.floor(from / 1000 / stepSeconds) * stepSeconds;
  return Array.from(stepsOf(database, dimension, stepSeconds, first, last), point);
}

function days(
  database: DatabaseSync,
  dimension: Dimension,
  { from, to, timeZone }: SeriesRange,
): SeriesPoint[] {
  const begins: number[] = [];
  for (const at of new Calendar(timeZone).beginnings('day', from)) {
    begins.push(at / 1000);
    if (at >= to) break;
  }
  const found: Step[] = [];
  const first = Math.ceil((begins[0] ?? 0) / HOUR_SECONDS) * HOUR_SECONDS;
  const hours = stepsOf(database, dimension, HOUR_SECONDS, first, (begins.at(-1) ?? 0) - 1);
  let hour = hours.next();
  for (const [place, at] of begins.slice(0, -1).entries()) {
    let day: Step = { at, ...UNKNOWN };
    for (const end = begins[place + 1] ?? 0; !hour.done && hour.value.at < end; hour = hours.next()) {
      day = added(day, hour.value);
    }
    found.push(day);
  }
  return found.map(point);
}

/** Counts as far as they are known, nulls elsewhere. `at`: seconds since 1970. */
interface Step extends Counts, Level {
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
  readonly sessionsLow: number | null;
  readonly sessionsHigh: number | null;
  readonly usersLow: number | null;
  readonly usersHigh: number | null;
}

/** A day with one more hour: counts add up, and of levels the latest that is known stands. */
function added(day: Step, hour: Step): Step {
  const sum = (a: number | null, b: number | null) => (a === null || b === null ? (a ?? b) : a + b);
  return {
    at: day.at,
    created: sum(day.created, hour.created),
    destroyed: sum(day.destroyed, hour.destroyed),
    rejected: sum(day.rejected, hour.rejected),
    ...levelOf(hour.active === null ? day : hour),
  };
}

/** The steps from one to another, both included, in seconds since 1970. */
function* stepsOf(
  database: DatabaseSync,
  dimension: Dimension,
  stepSeconds: number,
  first: number,
  last: number,
): Generator<Step> {
  const rowsOf = (name: Dimension): Map<number, Row> => {
    const rows = database.prepare(`${POINTS} AND at BETWEEN ? AND ?`).all(name, stepSeconds, first, last);
    return new Map((rows as Row[]).map((row) => [Number(row['at']), row]));
  };
  const ran = rowsOf('all');
  const rows = dimension === 'all' ? ran : rowsOf(dimension);
  const before = database
    .prepare(`${POINTS} AND at < ? AND active IS NOT NULL ORDER BY at DESC LIMIT 1`)
    .get(dimension, stepSeconds, first) as Row | undefined;
  let level: Row = before ?? ZERO;
  for (let at = first; at <= last; at += stepSeconds) {
    const row = rows.get(at);
    const running = ran.get(at)?.['active'] != null;
    // What a part had open stands until it changes: only changes of it are written.
    if (row?.['active'] != null) level = row;
    yield { at, ...countsOf(row ?? (running ? ZERO : UNKNOWN)), ...levelOf(running ? level : UNKNOWN) };
  }
}

const UNBOUNDED = { sessionsLow: null, sessionsHigh: null, usersLow: null, usersHigh: null };
const ZERO = {
  ...{ created: 0, destroyed: 0, rejected: 0 },
  ...{ active: 0, users: 0, connections: 0, ...UNBOUNDED },
};
const UNKNOWN = {
  ...{ created: null, destroyed: null, rejected: null },
  ...{ active: null, users: null, connections: null, ...UNBOUNDED },
};

function countsOf(row: Row | Counts): Counts {
  const { created = null, destroyed = null, rejected = null } = row as Counts;
  return { created, destroyed, rejected };
}

function levelOf(row: Row | Level): Level {
  const { active = null, users = null, connections = null } = row as Level;
  const { sessionsLow = null, sessionsHigh = null, usersLow = null, usersHigh = null } = row as Level;
  return { active, users, connections, sessionsLow, sessionsHigh, usersLow, usersHigh };
}

function point({ at, ...numbers }: Step): SeriesPoint {
  return { at: new Date(at * 1000).toISOString(), ...numbers };
}
