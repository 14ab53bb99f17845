import type { DatabaseSync } from 'node:sqlite';

/** How long points are kept, by step in seconds: a little longer than the window that shows them. */
const POINTS_KEPT_MS: readonly [step: number, keptMs: number][] = [
  [1, 2 * 3_600_000],
  [5, 6 * 3_600_000],
  [60, 8 * 86_400_000],
];
const DIMENSIONS_AT_ONCE = 500;
const SHRUNK_AT_ONCE = 100;
/** Senders make up names, and the writer has each of them in its memory. */
const MOST_DIMENSIONS = 20_000;
/** Of those, so many make room at once. */
const PART = 8;

const BYTES = `
SELECT sum(pgsize) AS bytes FROM dbstat WHERE aggregate = TRUE
  AND name IN ('points', 'dimensions', 'sqlite_autoindex_dimensions_1', 'counts', 'counts_second')`;
/** What was there before names were made up is among the first, and whoever comes newly has as long as this leaves room. */
const FIRST = 5_000;
/**
 * The whole stays; of parts those come first of which there is something in the fewest hours, and of these the ones in which the
 * least happened. Where that is the same, the ones after the first few thousand, in the order in which they came.
 */
const LEAST_FIRST = `
SELECT id, name FROM dimensions WHERE name <> 'all'
ORDER BY (SELECT count(*) FROM points WHERE dimension = id AND step = 3600),
  (SELECT total(created + rejected) FROM points WHERE dimension = id AND step = 3600),
  row_number() OVER (ORDER BY id) <= ${FIRST}, id`;
/** Counts that a sink has yet to get have the number of their dimension. */
const DELETE_DIMENSION = `
DELETE FROM dimensions WHERE id = ? AND NOT EXISTS (SELECT 1 FROM points WHERE dimension = dimensions.id)
  AND NOT EXISTS (SELECT 1 FROM counts WHERE dimension = dimensions.id)`;

/** Deletes points that are too old, or too many: for the sake of points no event goes. */
export class PointRetention {
  readonly #database: DatabaseSync;
  readonly #onDimensionGone: (name: string) => void;
  #lastDimension = 0;
  /** How many names have yet to make room. */
  #surplus = 0;
  /** What is to be deleted when there is too much, the last one first. */
  #expendable: { readonly id: number; readonly name: string }[] = [];

  constructor(database: DatabaseSync, onDimensionGone: (name: string) => void) {
    this.#database = database;
    this.#onDimensionGone = onDimensionGone;
  }

  /** Of points and of the log of counts. Looks at every page of theirs. */
  get bytes(): number {
    return Number(this.#database.prepare(BYTES).get()?.['bytes'] ?? 0);
  }

  /** Goes through the dimensions a few at a time. `hoursKeptMs`: how long points of an hour are kept. */
  deleteOld(now: number, hoursKeptMs: number): void {
    const kept = [...POINTS_KEPT_MS, [3_600, hoursKeptMs] as const];
    const points = this.#database.prepare('DELETE FROM points WHERE dimension = ? AND step = ? AND at < ?');
    const some = this.#database
      .prepare(`SELECT id, name FROM dimensions WHERE id > ? ORDER BY id LIMIT ${DIMENSIONS_AT_ONCE}`)
      .all(this.#lastDimension);
    for (const { id, name } of some) {
      for (const [step, keptMs] of kept) points.run(Number(id), step, Math.floor((now - keptMs) / 1000));
      this.#deleteDimension(Number(id), String(name));
    }
    this.#lastDimension = some.length < DIMENSIONS_AT_ONCE ? 0 : Number(some.at(-1)?.['id']);
  }

  #deleteDimension(id: number, name: string): void {
    if (this.#database.prepare(DELETE_DIMENSION).run(id).changes > 0) this.#onDimensionGone(name);
  }

  /** Looks for what may go, in order. */
  begin(): void {
    const all = this.#database.prepare(LEAST_FIRST).all();
    this.#expendable = all.map(({ id, name }) => ({ id: Number(id), name: String(name) })).reverse();
  }

  /** Deletes the points of some of those that may go. False where there are none left. */
  deleteSome(most = SHRUNK_AT_ONCE): boolean {
    const points = this.#database.prepare('DELETE FROM points WHERE dimension = ?');
    const some = this.#expendable.splice(-most);
    for (const { id, name } of some.reverse()) {
      points.run(id);
      this.#deleteDimension(id, name);
    }
    return some.length > 0;
  }

  /** Where there are too many names an eighth of them make room, a few at a time. Returns true while there is more to delete. */
  deleteSurplus(): boolean {
    if (this.#surplus === 0) {
      const count = Number(this.#database.prepare('SELECT count(*) AS n FROM dimensions').get()?.['n']);
      if (count <= MOST_DIMENSIONS) return false;
      this.begin();
      this.#surplus = count - MOST_DIMENSIONS + MOST_DIMENSIONS / PART;
    }
    const some = Math.min(this.#surplus, DIMENSIONS_AT_ONCE);
    this.#surplus = this.deleteSome(some) ? this.#surplus - some : 0;
    return this.#surplus > 0;
  }
}
