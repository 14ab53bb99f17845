import type { SessionChanges } from '../core/pending-changes.ts';
import type { Second } from '../core/series.ts';
import { type Connection, END_REASONS, type Session } from '../core/session.ts';
import { bitOf, markOf } from './marks.ts';
import type { Names, NewNames } from './names.ts';
import { CLOSE, FLAGS } from './schema.ts';

/** Columns of one row in the typed arrays that go to the writer; NaN stands for NULL. */
export const EVENT_STRIDE = 20;
/** Columns of `sessions`, then the bits of host and virtual proxy. */
export const SESSION_STRIDE = 21;
export const ACTIVITY_STRIDE = 6;
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
