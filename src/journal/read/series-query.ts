import type { DatabaseSync } from 'node:sqlite';
import { type Dimension, WINDOWS, type Window } from '../../sessions/series.ts';
import type { Answers, SeriesPoint } from './answers.ts';

type Row = Readonly<Record<string, number | null>>;

const POINTS = `
SELECT at, created, destroyed, rejected, active, users, connections FROM points
WHERE dimension = (SELECT id FROM dimensions WHERE name = ?) AND step = ?`;

/**
 * The points of a window, oldest first, the last one being the step of the last full second. A step in which
 * the program did not run has no level, and null counts unless an event time falls into it.
 */
export function seriesOf(
  database: DatabaseSync,
  window: Window,
  dimension: Dimension,
  now: number,
): Answers['series'] {
  const { stepSeconds, points } = WINDOWS[window];
  // The second that is not over yet has no level.
  const last = Math.floor((now / 1000 - 1) / stepSeconds) * stepSeconds;
  const first = last - (points - 1) * stepSeconds;
  const rowsOf = (name: Dimension): Map<number, Row> => {
    const rows = database.prepare(`${POINTS} AND at BETWEEN ? AND ?`).all(name, stepSeconds, first, last);
    return new Map((rows as Row[]).map((row) => [Number(row['at']), row]));
  };
  const ran = rowsOf('all');
  const rows = dimension === 'all' ? ran : rowsOf(dimension);
  const before = database
    .prepare(`${POINTS} AND at < ? AND active IS NOT NULL ORDER BY at DESC LIMIT 1`)
    .get(dimension, stepSeconds, first) as Row | undefined;
  let level: Row = before ?? NOTHING;
  const found: SeriesPoint[] = [];
  for (let at = first; at <= last; at += stepSeconds) {
    const row = rows.get(at);
    const running = ran.get(at)?.['active'] != null;
    // What a part had open stands until it changes: only changes of it are written.
    if (row?.['active'] != null) level = row;
    const counts = row ?? (running ? NOTHING : UNKNOWN);
    const open = running ? level : UNKNOWN;
    found.push({
      at: new Date(at * 1000).toISOString(),
      created: counts['created'] ?? null,
      destroyed: counts['destroyed'] ?? null,
      rejected: counts['rejected'] ?? null,
      active: open['active'] ?? null,
      users: open['users'] ?? null,
      connections: open['connections'] ?? null,
    });
  }
  return { window, stepSeconds, points: found };
}

const NOTHING: Row = { created: 0, destroyed: 0, rejected: 0, active: 0, users: 0, connections: 0 };
const UNKNOWN: Row = {};
