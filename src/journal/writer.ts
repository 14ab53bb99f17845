import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import { STEPS } from '../core/series.ts';
import {
  ACTIVITY_STRIDE,
  type BatchMessage,
  type CheckpointMessage,
  CLOSING_STRIDE,
  CONNECTION_STRIDE,
  EVENT_STRIDE,
  POINT_STRIDE,
  SESSION_STRIDE,
} from './batch.ts';
import type { NewNames } from './names.ts';

const marks = (n: number): string => new Array(n).fill('?').join(', ');

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

const SESSION_COLUMNS = [
  ...[
    'id',
    'first_seq',
    'last_seq',
    'host',
    'user',
    'session_key',
    'virtual_proxy',
    'user_agent',
    'created_at',
  ],
  ...['started_at', 'flags', 'synthesised_at', 'last_activity_at', 'ended_at', 'end_reason', 'ended_seen_at'],
  ...['connections', 'open_connections', 'last_connection'],
];

/** An update in place: REPLACE would delete the row and every index entry first. */
function upsert(table: string, columns: readonly string[]): string {
  const updates = columns.slice(1).map((column) => `${column} = excluded.${column}`);
  return `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${marks(columns.length)})
    ON CONFLICT (id) DO UPDATE SET ${updates.join(', ')}`;
}

/** Writes batches, each in one transaction. Runs in the writer's thread. */
export class Writer {
  readonly #database: DatabaseSync;
  readonly #statements: Record<
    | 'event'
    | 'session'
    | 'activity'
    | 'connection'
    | 'closing'
    | 'point'
    | 'string'
    | 'user'
    | 'generation'
    | 'checkpoint'
    | 'paired'
    | 'counts'
    | 'oldCounts'
    | 'sessionChange'
    | 'eventChange',
    StatementSync
  >;
  readonly #dimensions = new Map<string, number>();
  readonly #isFollowed: boolean;

  /** `isFollowed`: there are sinks, so what changes is logged for them. */
  constructor(database: DatabaseSync, isFollowed: boolean) {
    this.#database = database;
    this.#isFollowed = isFollowed;
    const prepare = (sql: string) => database.prepare(sql);
    this.#statements = {
      event: prepare(`INSERT INTO events VALUES (${marks(EVENT_STRIDE + 2)})`),
      session: prepare(upsert('sessions', SESSION_COLUMNS)),
      activity: prepare(
        `UPDATE sessions SET last_seq = ?, last_activity_at = ?, connections = ?, open_connections = ?,
           last_connection = ? WHERE id = ?`,
      ),
      connection: prepare(`INSERT INTO connections VALUES (${marks(CONNECTION_STRIDE)})`),
      closing: prepare('UPDATE connections SET closed_at = ?, close_exact = ? WHERE id = ?'),
      point: prepare(ADD_POINT),
      string: prepare('INSERT INTO strings (id, text) VALUES (?, ?)'),
      user: prepare(`INSERT INTO users VALUES (${marks(5)})`),
      generation: prepare('INSERT OR REPLACE INTO generations VALUES (?, ?, ?)'),
      checkpoint: prepare('INSERT OR REPLACE INTO checkpoint (id, seq, at, state) VALUES (1, ?, ?, ?)'),
      paired: prepare('UPDATE events SET session = ?, outcome = 0 WHERE seq = ?'),
      counts: prepare(LOG_COUNTS),
      oldCounts: prepare(LOG_OLD_COUNTS),
      sessionChange: prepare('INSERT INTO session_changes (at, session) VALUES (?, ?)'),
      eventChange: prepare('INSERT INTO event_changes (at, seq) VALUES (?, ?)'),
    };
    for (const row of prepare('SELECT id, name FROM dimensions').all()) {
      this.#dimensions.set(String(row['name']), Number(row['id']));
    }
  }

  /** Commits one batch, whole or not at all. On return it is on the disk. */
  write(batch: BatchMessage): void {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      this.#writeNames(
        batch.names,
        (batch.eventCount > 0 && batch.events[0]) || (batch.checkpoint?.seq ?? 0) + 1,
      );
      this.#writeEvents(batch);
      if (batch.checkpoint !== null) this.#writeCheckpoint(batch.checkpoint);
      this.#database.exec('COMMIT');
    } catch (error) {
      // Some errors (a full disk) have rolled back already.
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      this.#dimensions.clear();
      for (const row of this.#database.prepare('SELECT id, name FROM dimensions').all()) {
        this.#dimensions.set(String(row['name']), Number(row['id']));
      }
      throw error;
    }
  }

  #writeNames(names: NewNames, firstSeq: number): void {
    const { string, user, generation } = this.#statements;
    if (names.generation !== null) {
      generation.run(firstSeq, names.generation.firstString, names.generation.firstUser);
    }
    for (const [id, text] of names.strings) string.run(id, text);
    for (const [number, directory, id] of names.users) {
      user.run(number, directory, id, (directory ?? '').toLowerCase(), id.toLowerCase());
    }
  }

  #writeEvents(batch: BatchMessage): void {
    const { event } = this.#statements;
    const row: SQLInputValue[] = new Array(EVENT_STRIDE + 2).fill(null);
    let message = 0;
    let eventId = 0;
    for (let place = 0; place < batch.eventCount; place += 1) {
      fill(row, batch.events, place * EVENT_STRIDE, EVENT_STRIDE);
      row[EVENT_STRIDE] = null;
      row[EVENT_STRIDE + 1] = null;
      const nextMessage = batch.messages[message];
      if (nextMessage?.[0] === place) {
        row[EVENT_STRIDE] = nextMessage[1];
        message += 1;
      }
      const nextEventId = batch.eventIds[eventId];
      if (nextEventId?.[0] === place) {
        row[EVENT_STRIDE + 1] = nextEventId[1];
        eventId += 1;
      }
      event.run(...row);
    }
  }

  #writeCheckpoint(checkpoint: CheckpointMessage): void {
    const { session, activity, connection, closing, paired } = this.#statements;
    runAll(session, checkpoint.sessions, SESSION_STRIDE);
    runAll(activity, checkpoint.activities, ACTIVITY_STRIDE);
    runAll(connection, checkpoint.connections, CONNECTION_STRIDE);
    runAll(closing, checkpoint.closings, CLOSING_STRIDE);
    for (const [seq, sessionId] of checkpoint.paired) paired.run(sessionId, seq);
    if (this.#isFollowed) this.#logChanges(checkpoint);
    this.#writePoints(checkpoint);
    this.#statements.checkpoint.run(checkpoint.seq, checkpoint.at, checkpoint.state);
  }

  /** Must run before the new checkpoint is written: whatever changed did so after the one before. */
  #logChanges({ at: now, sessions, activities, paired }: CheckpointMessage): void {
    const { sessionChange, eventChange } = this.#statements;
    const before = this.#database.prepare('SELECT at FROM checkpoint').get()?.['at'];
    const at = Math.min(now, Number(before ?? 0));
    for (let i = 0; i < sessions.length; i += SESSION_STRIDE) sessionChange.run(at, sessions[i] ?? 0);
    for (let i = ACTIVITY_STRIDE - 1; i < activities.length; i += ACTIVITY_STRIDE) {
      sessionChange.run(at, activities[i] ?? 0);
    }
    for (const [seq] of paired) eventChange.run(at, seq);
  }

  /** Each second counts in the points of every step it lies in; the level of the latest second stays. */
  #writePoints(checkpoint: CheckpointMessage): void {
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
        this.#statements.point.run(...row);
      }
      if (points[start + POINT_STRIDE - 1] === 1) this.#logCounts(row, at, checkpoint.at);
    }
  }

  /** `point`: dimension, step, begin of the step, created, destroyed, rejected, ... */
  #logCounts([dimension = 0, , , ...tallies]: readonly SQLInputValue[], at: number, now: number): void {
    const { counts, oldCounts } = this.#statements;
    if (at > now / 1000 - OLD_SECONDS) counts.run(dimension, at);
    else oldCounts.run(dimension, at, ...tallies.slice(0, 3));
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

function orNull(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}

function fill(row: SQLInputValue[], cells: Float64Array, start: number, stride: number): void {
  for (let i = 0; i < stride; i += 1) row[i] = orNull(cells[start + i] as number);
}

function runAll(statement: StatementSync, cells: Float64Array, stride: number): void {
  const row: SQLInputValue[] = new Array(stride).fill(null);
  for (let start = 0; start < cells.length; start += stride) {
    fill(row, cells, start, stride);
    statement.run(...row);
  }
}
