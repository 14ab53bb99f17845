import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import { STEPS } from '../../sessions/series.ts';
import { type CheckpointMessage, marks, orNull, POINT_STRIDE } from './batch.ts';

const ADD_POINT = `
INSERT INTO points (dimension, step, at, created, destroyed, rejected, duration_ms, active, users, connections)
VALUES (${marks(10)}) ON CONFLICT (dimension, step, at) DO UPDATE SET
  created = created + excluded.created, destroyed = destroyed + excluded.destroyed,
  rejected = rejected + excluded.rejected, duration_ms = duration_ms + excluded.duration_ms,
  active = coalesce(excluded.active, active), users = coalesce(excluded.users, users),
  connections = coalesce(excluded.connections, connections)`;

const COUNTS = 'created, destroyed, rejected, active, users, connections';
/** The whole second as it stands now, since a late line may have added to one that was logged before. */
const LOG_COUNTS = `
INSERT INTO counts (dimension, at, ${COUNTS})
SELECT dimension, at, ${COUNTS} FROM points WHERE dimension = ? AND step = 1 AND at = ?`;
/** The same where points no longer have the second as it was. */
const LOG_OLD_COUNTS = `
INSERT INTO counts (dimension, at, ${COUNTS})
SELECT n.dimension, n.at, n.created + coalesce(o.created, 0), n.destroyed + coalesce(o.destroyed, 0),
  n.rejected + coalesce(o.rejected, 0), o.active, o.users, o.connections
FROM (SELECT ? AS dimension, ? AS at, ? AS created, ? AS destroyed, ? AS rejected) n
LEFT JOIN counts o ON o.number =
  (SELECT max(number) FROM counts WHERE dimension = n.dimension AND at = n.at)`;
/** Less than retention keeps points of one second. */
const OLD_SECONDS = 100 * 60;

/** Writes points, and logs the counts of each second for sinks. */
export class PointWriter {
  readonly #database: DatabaseSync;
  readonly #point: StatementSync;
  readonly #counts: StatementSync;
  readonly #oldCounts: StatementSync;
  readonly #dimensions = new Map<string, number>();

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#point = database.prepare(ADD_POINT);
    this.#counts = database.prepare(LOG_COUNTS);
    this.#oldCounts = database.prepare(LOG_OLD_COUNTS);
    this.reload();
  }

  /** Takes what is stored for the truth: at the start, and when a batch was rolled back. */
  reload(): void {
    this.#dimensions.clear();
    for (const row of this.#database.prepare('SELECT id, name FROM dimensions').all()) {
      this.#dimensions.set(String(row['name']), Number(row['id']));
    }
  }

  /** Each second counts in the points of every step it lies in; the level of the latest second stays. */
  write(checkpoint: CheckpointMessage): void {
    const { points } = checkpoint;
    const ids = checkpoint.dimensions.map((name) => this.#dimension(name));
    const row: SQLInputValue[] = new Array(POINT_STRIDE).fill(null);
    for (let start = 0; start < points.length; start += POINT_STRIDE) {
      const at = points[start + 1] ?? 0;
      for (const step of STEPS) {
        row[0] = ids[points[start] ?? 0] ?? 0;
        row[1] = step;
        row[2] = Math.floor(at / step) * step;
        for (let i = 2; i < POINT_STRIDE - 1; i += 1) row[i + 1] = orNull(points[start + i] ?? Number.NaN);
        this.#point.run(...row);
      }
      if (points[start + POINT_STRIDE - 1] === 1) this.#logCounts(row, at, checkpoint.at);
    }
  }

  /** `point`: dimension, step, begin of the step, created, destroyed, rejected, ... */
  #logCounts([dimension = 0, , , ...tallies]: readonly SQLInputValue[], at: number, now: number): void {
    if (at > now / 1000 - OLD_SECONDS) this.#counts.run(dimension, at);
    else this.#oldCounts.run(dimension, at, ...tallies.slice(0, 3));
  }

  /** A dimension was deleted. */
  forgetDimension(name: string): void {
    this.#dimensions.delete(name);
  }

  #dimension(name: string): number {
    const known = this.#dimensions.get(name);
    if (known !== undefined) return known;
    const { lastInsertRowid } = this.#database.prepare('INSERT INTO dimensions (name) VALUES (?)').run(name);
    this.#dimensions.set(name, Number(lastInsertRowid));
    return Number(lastInsertRowid);
  }
}
