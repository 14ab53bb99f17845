import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import { EventBlocks } from '../event-blocks.ts';
import type { NewNames } from '../names.ts';
import { type BlockEntry, SessionBlocks } from '../session-blocks.ts';
import {
  ACTIVITY_STRIDE,
  type BatchMessage,
  type CheckpointMessage,
  CLOSING_STRIDE,
  CONNECTION_STRIDE,
  EVENT_STRIDE,
  fill,
  marks,
  runAll,
  SESSION_STRIDE,
} from './batch.ts';
import { PointWriter } from './point-writer.ts';

/** Places in a row of `events`. */
const [EVENT_KIND, EVENT_AT, EVENT_HOST, EVENT_USER, EVENT_APP, EVENT_PROXY] = [1, 2, 5, 6, 9, 10] as const;

/** Writes batches, each in one transaction. Runs in the writer's thread. */
export class Writer {
  readonly #database: DatabaseSync;
  readonly #statements: Record<
    | 'event'
    | 'activity'
    | 'connection'
    | 'closing'
    | 'string'
    | 'user'
    | 'generation'
    | 'checkpoint'
    | 'paired'
    | 'sessionChange'
    | 'eventChange',
    StatementSync
  >;
  readonly #sessions: SessionWriter;
  readonly points: PointWriter;
  readonly #eventBlocks: EventBlocks;
  readonly #isFollowed: boolean;

  /** `isFollowed`: there are sinks, so what changes is logged for them. */
  constructor(database: DatabaseSync, isFollowed: boolean) {
    this.#database = database;
    this.#isFollowed = isFollowed;
    this.#sessions = new SessionWriter(database);
    this.points = new PointWriter(database);
    this.#eventBlocks = new EventBlocks(database);
    const prepare = (sql: string) => database.prepare(sql);
    this.#statements = {
      event: prepare(`INSERT INTO events VALUES (${marks(EVENT_STRIDE + 2)})`),
      activity: prepare(
        `UPDATE sessions SET last_seq = ?, last_activity_at = ?, last_seen_at = ?, epoch = ?, connections = ?, open_connections = ?,
           last_connection = ? WHERE id = ?`,
      ),
      connection: prepare(`INSERT INTO connections VALUES (${marks(CONNECTION_STRIDE)})`),
      closing: prepare('UPDATE connections SET closed_at = ?, close_exact = ? WHERE id = ?'),
      string: prepare('INSERT INTO strings (id, text) VALUES (?, ?)'),
      user: prepare(`INSERT INTO users VALUES (${marks(5)})`),
      generation: prepare('INSERT OR REPLACE INTO generations VALUES (?, ?, ?)'),
      checkpoint: prepare('INSERT OR REPLACE INTO checkpoint (id, seq, at, state) VALUES (1, ?, ?, ?)'),
      paired: prepare('UPDATE events SET session = ?, outcome = 0 WHERE seq = ?'),
      sessionChange: prepare('INSERT INTO session_changes (at, session) VALUES (?, ?)'),
      eventChange: prepare('INSERT INTO event_changes (at, seq) VALUES (?, ?)'),
    };
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
      this.#eventBlocks.reload();
      this.#sessions.reload();
      this.points.reload();
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
      this.#noteInBlock(batch.events, place * EVENT_STRIDE);
    }
    if (batch.eventCount > 0) this.#eventBlocks.flush();
  }

  #noteInBlock(cells: Float64Array, start: number): void {
    const cell = (place: number): number => cells[start + place] as number;
    this.#eventBlocks.add(
      cell(0),
      cell(EVENT_KIND),
      cell(EVENT_AT),
      cell(EVENT_USER),
      cell(EVENT_HOST),
      cell(EVENT_APP),
      cell(EVENT_PROXY),
    );
  }

  #writeCheckpoint(checkpoint: CheckpointMessage): void {
    const { activity, connection, closing, paired } = this.#statements;
    this.#sessions.write(checkpoint.sessions);
    runAll(activity, checkpoint.activities, ACTIVITY_STRIDE);
    runAll(connection, checkpoint.connections, CONNECTION_STRIDE);
    runAll(closing, checkpoint.closings, CLOSING_STRIDE);
    for (const [seq, sessionId] of checkpoint.paired) paired.run(sessionId, seq);
    if (this.#isFollowed) this.#logChanges(checkpoint);
    this.points.write(checkpoint);
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
}

const COLUMNS = [
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
  ...['connections', 'open_connections', 'last_connection', 'arrived_at', 'last_seen_at', 'epoch'],
];
/** Those that stay as they were written first. */
const FIXED = ['id', 'first_seq', 'host', 'user', 'created_at', 'arrived_at'];
const [USER_AT, STARTED_AT, ENDED_AT] = ['user', 'started_at', 'ended_at'].map((name) =>
  COLUMNS.indexOf(name),
) as [number, number, number];
const HOST_BIT_AT = COLUMNS.length;
const PROXY_BIT_AT = COLUMNS.length + 1;

/** An update in place: REPLACE would delete the row and every index entry first. */
function upsert(): string {
  const changing = COLUMNS.filter((column) => !FIXED.includes(column));
  return `INSERT INTO sessions (${COLUMNS.join(', ')}) VALUES (${marks(COLUMNS.length)})
    ON CONFLICT (id) DO UPDATE SET ${changing.map((column) => `${column} = excluded.${column}`).join(', ')}`;
}

/** Writes rows of sessions, and what is in each block of them. */
export class SessionWriter {
  readonly #session: StatementSync;
  readonly #blocks: SessionBlocks;

  constructor(database: DatabaseSync) {
    this.#session = database.prepare(upsert());
    this.#blocks = new SessionBlocks(database);
  }

  /** Takes what is stored for the truth: when a batch was rolled back. */
  reload(): void {
    this.#blocks.reload();
  }

  /** `cells`: rows of sessions in the order of their numbers. */
  write(cells: Float64Array): void {
    const row: SQLInputValue[] = new Array(COLUMNS.length).fill(null);
    for (let start = 0; start < cells.length; start += SESSION_STRIDE) {
      fill(row, cells, start, COLUMNS.length);
      this.#session.run(...row);
    }
    this.#blocks.add(entriesOf(cells));
  }
}

function* entriesOf(cells: Float64Array): Generator<BlockEntry> {
  for (let start = 0; start < cells.length; start += SESSION_STRIDE) {
    const cell = (place: number): number => cells[start + place] || 0;
    yield {
      id: cell(0),
      user: cell(USER_AT),
      startedAt: cell(STARTED_AT),
      // NaN while it is open.
      endedAt: cell(ENDED_AT),
      hosts: cell(HOST_BIT_AT),
      proxies: cell(PROXY_BIT_AT),
    };
  }
}
