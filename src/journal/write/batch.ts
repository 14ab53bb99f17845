import type { SQLInputValue, StatementSync } from 'node:sqlite';
import { KINDS, REJECTION_REASONS, type UserEvent } from '../../contract/event.ts';
import { END_REASONS } from '../../contract/rows.ts';
import type { SessionChanges } from '../../sessions/pending-changes.ts';
import type { Second } from '../../sessions/series.ts';
import type { Connection, Session } from '../../sessions/session.ts';
import { OUTCOMES } from '../../sessions/session-tracker.ts';
import type { Applied } from '../../sessions/site.ts';
import { bitOf, markOf } from '../marks.ts';
import type { Names, NewNames } from '../names.ts';
import { CLOSE, FLAGS } from '../schema.ts';

/** Columns of one row in the typed arrays that go to the writer; NaN stands for NULL. */
export const EVENT_STRIDE = 20;
/** Columns of `sessions`, then the bits of host and virtual proxy. */
export const SESSION_STRIDE = 24;
export const ACTIVITY_STRIDE = 8;
export const CONNECTION_STRIDE = 8;
export const CLOSING_STRIDE = 3;
export const POINT_STRIDE = 10;

/** What the writer gets: rows as numbers in transferred memory, because objects would cost more than the row. */
export interface BatchMessage {
  readonly type: 'batch';
  readonly id: number;
  readonly names: NewNames;
  readonly events: Float64Array<ArrayBuffer>;
  readonly eventCount: number;
  /** By the place of the event in the batch: only events that have such a text. */
  readonly messages: readonly [number, string][];
  readonly eventIds: readonly [number, string][];
  readonly checkpoint: CheckpointMessage | null;
}

/** The state of the tracker once all events up to `seq` are folded in. */
export interface CheckpointMessage {
  readonly seq: number;
  readonly at: number;
  readonly state: string;
  readonly sessions: Float64Array<ArrayBuffer>;
  /** Sessions of which only the last activity changed. */
  readonly activities: Float64Array<ArrayBuffer>;
  readonly connections: Float64Array<ArrayBuffer>;
  /** Connections that have a row already and closed. */
  readonly closings: Float64Array<ArrayBuffer>;
  readonly points: Float64Array<ArrayBuffer>;
  readonly dimensions: readonly string[];
  /** Orphan Stops that belong to a session now: seq, session id. */
  readonly paired: readonly [number, number][];
}

/** NULL in a typed array. */
export const orNaN = (value: number | null): number => value ?? Number.NaN;

export function checkpointMessage(
  seq: number,
  at: number,
  state: object,
  changes: SessionChanges,
  seconds: readonly Second[],
  names: Names,
): CheckpointMessage {
  const dimensions = [...new Set(seconds.map((second) => second.dimension))];
  const places = new Map(dimensions.map((name, place) => [name, place]));
  // In order of their numbers, so that neighbours in the table are written together.
  const sessions = changes.sessions.sort((a, b) => a.id - b.id);
  const connections = changes.connections.sort((a, b) => a.id - b.id);
  const message: CheckpointMessage = {
    seq,
    at,
    state: JSON.stringify(state),
    sessions: rows(
      sessions.filter((session) => session.change === 'all'),
      SESSION_STRIDE,
      (session) => sessionRow(session, names),
    ),
    activities: rows(
      sessions.filter((session) => session.change === 'activity'),
      ACTIVITY_STRIDE,
      activityRow,
    ),
    connections: rows(
      connections.filter((connection) => !connection.stored),
      CONNECTION_STRIDE,
      (connection) => connectionRow(connection, names),
    ),
    closings: rows(
      connections.filter((connection) => connection.stored),
      CLOSING_STRIDE,
      closingRow,
    ),
    points: rows(seconds, POINT_STRIDE, (second) => pointRow(second, places.get(second.dimension) ?? 0)),
    dimensions,
    paired: changes.paired.map(({ seq, session }) => [seq, session.id]),
  };
  for (const session of sessions) session.change = 'none';
  for (const connection of connections) {
    connection.changed = false;
    connection.stored = true;
  }
  return message;
}

function activityRow(session: Session): number[] {
  return [
    session.lastSeq,
    session.lastActivityAt,
    session.lastSeenAt,
    session.epoch,
    session.connectionCount,
    session.openConnections.length,
    session.lastConnectionId,
    session.id,
  ];
}

function closingRow(connection: Connection): number[] {
  return [orNaN(connection.closedAt), closeCode(connection), connection.id];
}

function rows<T>(items: readonly T[], stride: number, row: (item: T) => number[]): Float64Array<ArrayBuffer> {
  const cells = new Float64Array(items.length * stride);
  for (const [place, item] of items.entries()) cells.set(row(item), place * stride);
  return cells;
}

function sessionRow(session: Session, names: Names): number[] {
  const flags =
    (session.startExact ? FLAGS.startExact : 0) |
    (session.startTimed ? FLAGS.startTimed : 0) |
    (session.endExact ? FLAGS.endExact : 0) |
    (session.identityExact ? FLAGS.identityExact : 0);
  return [
    session.id,
    session.firstSeq,
    session.lastSeq,
    names.host(session.key.host),
    names.user(session.key.user),
    names.sessionKey(session.sessionKey, session),
    names.string(session.virtualProxy),
    names.string(session.userAgent),
    session.createdAt,
    session.startedAt,
    flags,
    orNaN(session.synthesisedAt),
    session.lastActivityAt,
    orNaN(session.endedAt),
    session.endReason === null ? Number.NaN : END_REASONS.indexOf(session.endReason),
    orNaN(session.endedSeenAt),
    session.connectionCount,
    session.openConnections.length,
    session.lastConnectionId,
    session.arrivedAt,
    session.lastSeenAt,
    session.epoch,
    bitOf(session.key.host.name),
    bitOf(session.virtualProxy),
  ];
}

function connectionRow(connection: Connection, names: Names): number[] {
  return [
    connection.id,
    connection.session.id,
    names.string(connection.appId),
    markOf(connection.appId),
    connection.openedAt,
    orNaN(connection.closedAt),
    closeCode(connection),
    connection.previousId,
  ];
}

function closeCode(connection: Connection): number {
  if (connection.closeExact) return CLOSE.exact;
  return connection.closedByStop ? CLOSE.byStop : CLOSE.guessed;
}

function pointRow(second: Second, dimension: number): number[] {
  const { level } = second;
  return [
    dimension,
    second.at,
    second.created,
    second.destroyed,
    second.rejected,
    Math.round(second.durationMs),
    orNaN(level?.active ?? null),
    orNaN(level?.users ?? null),
    orNaN(level?.connections ?? null),
    second.isNews ? 1 : 0,
  ];
}

/** So many parameters of a statement. */
export const marks = (n: number): string => new Array(n).fill('?').join(', ');

/** In typed arrays NaN stands for NULL. */
export function orNull(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}

/** Takes one row out of the cells of many. */
export function fill(row: SQLInputValue[], cells: Float64Array, start: number, stride: number): void {
  for (let i = 0; i < stride; i += 1) row[i] = orNull(cells[start + i] as number);
}

/** Runs a statement with each row. */
export function runAll(statement: StatementSync, cells: Float64Array, stride: number): void {
  const row: SQLInputValue[] = new Array(stride).fill(null);
  for (let start = 0; start < cells.length; start += stride) {
    fill(row, cells, start, stride);
    statement.run(...row);
  }
}

/** Memory that is kept for the next rows. */
const MOST_SPARE = 4;
const LEAST_SPARE_BYTES = 64 * 1_024;
const MOST_SPARE_BYTES = 4 * 1_048_576;

/** Collects events as rows until the writer takes them. */
export class EventRows {
  #cells: Float64Array<ArrayBuffer>;
  readonly #spare: ArrayBuffer[] = [];
  #count = 0;
  #messages: [number, string][] = [];
  #eventIds: [number, string][] = [];

  constructor(capacity = 1_024) {
    this.#cells = new Float64Array(capacity * EVENT_STRIDE);
  }

  get count(): number {
    return this.#count;
  }

  add(seq: number, event: UserEvent, applied: Applied, names: Names): void {
    let i = this.#count * EVENT_STRIDE;
    if (i === this.#cells.length) this.#grow();
    const cells = this.#cells;
    cells[i++] = seq;
    cells[i++] = KINDS.indexOf(event.kind);
    cells[i++] = event.at;
    cells[i++] = event.timed ? 1 : 0;
    cells[i++] = event.receivedAt;
    cells[i++] = names.host(applied.host);
    cells[i++] = names.user(applied.user);
    cells[i++] = names.string(event.origin);
    cells[i++] = names.string(event.context);
    cells[i++] = names.string(event.appId);
    cells[i++] = names.string(event.virtualProxy);
    cells[i++] = names.string(event.userAgent);
    cells[i++] = names.sessionKey(event.sessionKey, applied.session);
    cells[i++] = applied.session?.id ?? 0;
    cells[i++] = applied.previousSeq;
    cells[i++] = OUTCOMES.indexOf(applied.outcome);
    cells[i++] = event.reason === null ? 0 : REJECTION_REASONS.indexOf(event.reason) + 1;
    cells[i++] = orNaN(event.result);
    cells[i++] = orNaN(event.rowNumber);
    cells[i] = orNaN(event.originalAt);
    if (event.message !== null) this.#messages.push([this.#count, event.message]);
    if (event.eventId !== null) this.#eventIds.push([this.#count, event.eventId]);
    this.#count += 1;
  }

  #grow(): void {
    const larger = new Float64Array(this.#cells.length * 2);
    larger.set(this.#cells);
    this.#cells = larger;
  }

  /** Takes back memory that the writer is done with: fresh memory would cost more than the rows. */
  recycle(memory: ArrayBuffer): void {
    const fits = memory.byteLength >= LEAST_SPARE_BYTES && memory.byteLength <= MOST_SPARE_BYTES;
    if (fits && this.#spare.length < MOST_SPARE) this.#spare.push(memory);
  }

  /** The rows so far, after which it is empty again. */
  take(): Pick<BatchMessage, 'events' | 'eventCount' | 'messages' | 'eventIds'> {
    const spare = this.#spare.pop();
    const taken = {
      // Without spare memory the writer gets a copy of just what is used: it may not come back for long.
      events: spare === undefined ? this.#cells.slice(0, this.#count * EVENT_STRIDE) : this.#cells,
      eventCount: this.#count,
      messages: this.#messages,
      eventIds: this.#eventIds,
    };
    if (spare !== undefined) this.#cells = new Float64Array(spare);
    this.#count = 0;
    this.#messages = [];
    this.#eventIds = [];
    return taken;
  }
}
