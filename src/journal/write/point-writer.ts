import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import { STEPS } from '../../sessions/series.ts';
import {
  COUNTS,
  DIMENSIONS,
  LEVEL_COLUMNS,
  POINT,
  POINTS,
  SUM_COLUMNS,
  TALLY_COLUMNS,
} from '../schema/points.ts';
import { type CheckpointMessage, fill } from './batch.ts';

/** The columns of a point in the order in which they are written: `step`, then those of a second. */
const SECOND_COLUMNS = POINTS.names.filter((name) => name !== 'step');
const ADD_POINT = `${POINTS.insert(['step', ...SECOND_COLUMNS])} ON CONFLICT (dimension, step, at) DO UPDATE SET
  ${SUM_COLUMNS.map((name) => `${name} = ${name} + excluded.${name}`).join(', ')},
  ${LEVEL_COLUMNS.map((name) => `${name} = iif(excluded.active IS NULL, ${name}, excluded.${name})`).join(', ')}`;

const COUNTED = COUNTS.names.filter((name) => name !== 'number');
/** The whole second as it stands now, since a late line may have added to one that was logged before. */
const LOG_COUNTS = `
INSERT INTO counts (${COUNTED.join(', ')})
SELECT ${COUNTED.join(', ')} FROM points WHERE dimension = ? AND step = 1 AND at = ?`;
/** The same where points no longer have the second as it was. */
const LOG_OLD_COUNTS = `
INSERT INTO counts (at, dimension, ${[...TALLY_COLUMNS, ...LEVEL_COLUMNS].join(', ')})
SELECT n.at, n.dimension, ${TALLY_COLUMNS.map((name) => `n.${name} + coalesce(o.${name}, 0)`).join(', ')},
  ${LEVEL_COLUMNS.map((name) => `o.${name}`).join(', ')}
FROM (SELECT ? AS dimension, ? AS at, ${TALLY_COLUMNS.map((name) => `? AS ${name}`).join(', ')}) n
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
    const second: SQLInputValue[] = new Array(SECOND_COLUMNS.length).fill(null);
    for (let start = 0; start < points.length; start += POINT.stride) {
      const cell = (name: keyof typeof POINT.at): number => points[start + POINT.at[name]] as number;
      fill(second, points, start, second.length);
      const dimension = ids[cell('dimension')] ?? 0;
      second[POINT.at.dimension] = dimension;
      for (const step of STEPS) {
        second[POINT.at.at] = Math.floor(cell('at') / step) * step;
        this.#point.run(step, ...second);
      }
      if (cell('is_news') === 1)
        this.#logCounts(dimension, cell('at'), TALLY_COLUMNS.map(cell), checkpoint.at);
    }
  }

  #logCounts(dimension: number, at: number, tallies: readonly number[], now: number): void {
    if (at > now / 1000 - OLD_SECONDS) this.#counts.run(dimension, at);
    else this.#oldCounts.run(dimension, at, ...tallies);
  }

  /** A dimension was deleted. */
  forgetDimension(name: string): void {
    this.#dimensions.delete(name);
  }

  #dimension(name: string): number {
    const known = this.#dimensions.get(name);
    if (known !== undefined) return known;
    const { lastInsertRowid } = this.#database.prepare(DIMENSIONS.insert(['name'])).run(name);
    this.#dimensions.set(name, Number(lastInsertRowid));
    return Number(lastInsertRowid);
  }
}
