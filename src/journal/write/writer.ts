import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import { foldName } from '../../contract/fold-name.ts';
import { OUTCOMES } from '../../sessions/session-tracker.ts';
import { EventBlocks } from '../event-blocks.ts';
import type { NewNames } from '../names.ts';
import { EDGES } from '../schema/edges.ts';
import { EVENT_LINES } from '../schema/event-lines.ts';
import { EVENT, EVENT_TEXTS, EVENTS } from '../schema/events.ts';
import { CHECKPOINT, EVENT_CHANGES, GENERATIONS, SESSION_CHANGES, STRINGS, USERS } from '../schema/schema.ts';
import {
  ACTIVITY,
  ACTIVITY_COLUMNS,
  CLOSING,
  CLOSING_COLUMNS,
  CONNECTION,
  CONNECTIONS,
  SESSION,
  SESSIONS,
} from '../schema/sessions.ts';
import { type BlockEntry, SessionBlocks } from '../session-blocks.ts';
import { type BatchMessage, type CheckpointMessage, fill, runAll } from './batch.ts';
import { PointWriter } from './point-writer.ts';
import { PollWriter } from './poll-writer.ts';

/** The columns of an event in the order in which they are written: numbers, then texts. */
const EVENT_COLUMNS = [...EVENT.names, ...EVENT_TEXTS.map(({ name }) => name)];

const NO_TEXT = [-1, ''] as const;

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
    | 'eventChange'
    | 'line'
    | 'edge',
    StatementSync
  >;
  readonly #sessions: SessionWriter;
  readonly points: PointWriter;
  readonly #polls: PollWriter;
  readonly #eventBlocks: EventBlocks;
  readonly #isFollowed: boolean;
  /** A batch was rolled back: what is known of the file has yet to be read again. */
  #isStale = false;

  /** `isFollowed`: there are sinks, so what changes is logged for them. */
  constructor(database: DatabaseSync, isFollowed: boolean) {
    this.#database = database;
    this.#isFollowed = isFollowed;
    this.#sessions = new SessionWriter(database);
    this.points = new PointWriter(database);
    this.#polls = new PollWriter(database);
    this.#eventBlocks = new EventBlocks(database);
    const prepare = (sql: string) => database.prepare(sql);
    this.#statements = {
      event: prepare(EVENTS.insert(EVENT_COLUMNS)),
      activity: prepare(SESSIONS.update(ACTIVITY_COLUMNS, 'id')),
      connection: prepare(CONNECTIONS.insert(CONNECTION.names)),
      closing: prepare(CONNECTIONS.update(CLOSING_COLUMNS, 'id')),
      string: prepare(STRINGS.insert(['id', 'text'])),
      user: prepare(USERS.insert(['number', 'directory', 'id', 'folded_directory', 'folded_id'])),
      generation: prepare(GENERATIONS.replace(['first_seq', 'first_string', 'first_user'])),
      checkpoint: prepare(CHECKPOINT.replace(['id', 'seq', 'at', 'state'])),
      paired: prepare(EVENTS.update(['session', 'outcome'], 'seq')),
      sessionChange: prepare(SESSION_CHANGES.insert(['at', 'session'])),
      eventChange: prepare(EVENT_CHANGES.insert(['at', 'seq'])),
      line: prepare(EVENT_LINES.insert(EVENT_LINES.names)),
      edge: prepare(EDGES.replace(EDGES.names)),
    };
  }

  /** Commits one batch, whole or not at all. On return it is on the disk. */
  write(batch: BatchMessage): void {
    if (this.#isStale) this.#reload();
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      this.#writeNames(
        batch.names,
        (batch.eventCount > 0 && batch.events[EVENT.at.seq]) || (batch.checkpoint?.seq ?? 0) + 1,
      );
      this.#polls.write(batch.polls);
      this.#writeEvents(batch);
      for (const { edge, site, partition, seq, stream, streamSeq } of batch.positions) {
        this.#statements.edge.run(edge, site, partition, seq, stream, streamSeq);
      }
      if (batch.checkpoint !== null) this.#writeCheckpoint(batch.checkpoint);
      this.#database.exec('COMMIT');
    } catch (error) {
      this.#isStale = true;
      // Some errors (a full disk) have rolled back already.
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw error;
    }
  }

  /** Not at once: a disk to which nothing can be written may not be read either, and nothing may be written until it was. */
  #reload(): void {
    this.#eventBlocks.reload();
    this.#sessions.reload();
    this.points.reload();
    this.#polls.reload();
    this.#isStale = false;
  }

  #writeNames(names: NewNames, firstSeq: number): void {
    const { string, user, generation } = this.#statements;
    if (names.generation !== null) {
      generation.run(firstSeq, names.generation.firstString, names.generation.firstUser);
    }
    for (const [id, text] of names.strings) string.run(id, text);
    for (const [number, directory, id] of names.users) {
      user.run(number, directory, id, foldName(directory ?? ''), foldName(id));
    }
  }

  #writeEvents({ events, eventCount, texts, lines }: BatchMessage): void {
    const { event, line } = this.#statements;
    const record: SQLInputValue[] = new Array(EVENT_COLUMNS.length).fill(null);
    const next = texts.map(() => 0);
    for (let place = 0; place < eventCount; place += 1) {
      const start = place * EVENT.stride;
      fill(record, events, start, EVENT.stride);
      for (let column = 0; column < texts.length; column += 1) {
        const [at, text] = texts[column]?.[next[column] as number] ?? NO_TEXT;
        record[EVENT.stride + column] = at === place ? text : null;
        if (at === place) next[column] = (next[column] as number) + 1;
      }
      event.run(...record);
      this.#noteInBlock(events, start);
    }
    if (eventCount > 0) this.#eventBlocks.flush();
    for (const [place, words] of lines) {
      const start = place * EVENT.stride;
      const { seq, received_at: at } = EVENT.at;
      line.run(events[start + seq] as number, events[start + at] as number, words);
    }
  }

  #noteInBlock(cells: Float64Array, start: number): void {
    const { seq, kind, at, user, host, app, virtual_proxy: proxy } = EVENT.at;
    const cell = (place: number): number => cells[start + place] as number;
    this.#eventBlocks.add(cell(seq), cell(kind), cell(at), cell(user), cell(host), cell(app), cell(proxy));
  }

  #writeCheckpoint(checkpoint: CheckpointMessage): void {
    const { activity, connection, closing, paired } = this.#statements;
    this.#sessions.write(checkpoint.sessions);
    this.#sessions.giveUsers(checkpoint.userLearnt);
    runAll(activity, checkpoint.activities, ACTIVITY);
    runAll(connection, checkpoint.connections, CONNECTION);
    runAll(closing, checkpoint.closings, CLOSING);
    for (const [seq, sessionId] of checkpoint.paired) paired.run(sessionId, OUTCOMES.indexOf('applied'), seq);
    if (this.#isFollowed) this.#logChanges(checkpoint);
    this.points.write(checkpoint);
    this.#statements.checkpoint.run(1, checkpoint.seq, checkpoint.at, checkpoint.state);
  }

  /** Must run before the new checkpoint is written: whatever changed did so after the one before. */
  #logChanges({ at: now, sessions, activities, paired }: CheckpointMessage): void {
    const { sessionChange, eventChange } = this.#statements;
    const before = this.#database.prepare('SELECT at FROM checkpoint').get()?.['at'];
    const at = Math.min(now, Number(before ?? 0));
    const log = (cells: Float64Array, { stride, at: { id } }: typeof SESSION | typeof ACTIVITY): void => {
      for (let i = id; i < cells.length; i += stride) sessionChange.run(at, cells[i] as number);
    };
    log(sessions, SESSION);
    log(activities, ACTIVITY);
    for (const [seq] of paired) eventChange.run(at, seq);
  }
}

/** Writes sessions, and what is in each block of them. */
class SessionWriter {
  readonly #session: StatementSync;
  readonly #user: StatementSync;
  readonly #blocks: SessionBlocks;

  constructor(database: DatabaseSync) {
    this.#session = database.prepare(SESSIONS.upsert('id'));
    this.#user = database.prepare(SESSIONS.update(['user'], 'id'));
    this.#blocks = new SessionBlocks(database);
  }

  /** Takes what is stored for the truth: when a batch was rolled back. */
  reload(): void {
    this.#blocks.reload();
  }

  /** `cells`: sessions in the order of their numbers. */
  write(cells: Float64Array): void {
    const record: SQLInputValue[] = new Array(SESSIONS.names.length).fill(null);
    for (let start = 0; start < cells.length; start += SESSION.stride) {
      // All columns are numbers; what is for the block comes behind them.
      fill(record, cells, start, record.length);
      this.#session.run(...record);
    }
    this.#blocks.add(entriesOf(cells));
  }

  /** Users of sessions that were written without one. */
  giveUsers(learnt: CheckpointMessage['userLearnt']): void {
    for (const [id, user] of learnt) {
      this.#user.run(user, id);
      this.#blocks.userLearnt(id, user);
    }
  }
}

function* entriesOf(cells: Float64Array): Generator<BlockEntry> {
  const {
    id,
    user,
    started_at: startedAt,
    ended_at: endedAt,
    host_bit: hosts,
    proxy_bit: proxies,
  } = SESSION.at;
  for (let start = 0; start < cells.length; start += SESSION.stride) {
    const cell = (place: number): number => cells[start + place] || 0;
    yield {
      id: cell(id),
      user: cell(user),
      startedAt: cell(startedAt),
      // NaN while it is open.
      endedAt: cell(endedAt),
      hosts: cell(hosts),
      proxies: cell(proxies),
    };
  }
}
