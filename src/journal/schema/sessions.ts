import { END_REASONS, type EndReason } from '../../contract/rows.ts';
import type { Connection, Session } from '../../sessions/session.ts';
import { bitOf, markOf } from '../marks.ts';
import type { Names } from '../names.ts';
import { Layout } from './layout.ts';
import type { Cells } from './selection.ts';
import {
  BLOB,
  type Cell,
  type Column,
  type Columns,
  KEY,
  NAME,
  NUMBER,
  NUMBER_OR_NULL,
  orNaN,
  type StoredNames,
  Table,
  USER,
} from './table.ts';

/** A column that is put back into the session that is read; without `restore` the session is made of it. */
interface SessionColumn extends Column<Session> {
  readonly write: (session: Session, names: Names) => number;
  readonly restore?: (session: Session, cell: Cell, names: StoredNames) => void;
}

/** Fields of a session that hold such a value, and nothing else. */
type FieldOf<Value> = {
  [Field in keyof Session]: [Session[Field], Value] extends [Value, Session[Field]] ? Field : never;
}[keyof Session];

/** Columns that hold a field of the session as it is. */
const number = (field: FieldOf<number>) => ({
  ...NUMBER,
  write: (session: Session): number => session[field],
  restore: (session: Record<typeof field, number>, cell: Cell): void => {
    session[field] = Number(cell);
  },
});
const numberOrNull = (field: FieldOf<number | null>) => ({
  ...NUMBER_OR_NULL,
  write: (session: Session): number => orNaN(session[field]),
  restore: (session: Record<typeof field, number | null>, cell: Cell): void => {
    session[field] = cell as number | null;
  },
});
const name = (field: FieldOf<string | null>) => ({
  ...NAME,
  write: (session: Session, names: Names): number => names.string(session[field]),
  restore: (session: Record<typeof field, string | null>, cell: Cell, names: StoredNames): void => {
    session[field] = names.string(cell);
  },
});

/**
 * Bits of `sessions.flags`, by the field of the session that they hold. `listed`: the latest snapshot of its virtual proxy
 * lists it; when that was asked for is in the state.
 */
export const FLAGS = {
  startExact: 1,
  startTimed: 2,
  endExact: 4,
  identityExact: 8,
  listed: 16,
  isApplication: 32,
} as const;
export type Flags = Readonly<Record<keyof typeof FLAGS, boolean>>;

function writeFlags({
  startExact,
  startTimed,
  endExact,
  identityExact,
  listedAt,
  isApplication,
}: Session): number {
  return (
    (startExact ? FLAGS.startExact : 0) |
    (startTimed ? FLAGS.startTimed : 0) |
    (endExact ? FLAGS.endExact : 0) |
    (identityExact ? FLAGS.identityExact : 0) |
    (listedAt === null ? 0 : FLAGS.listed) |
    (isApplication ? FLAGS.isApplication : 0)
  );
}

function readFlags(cell: Cell): Flags {
  const has = (flag: number): boolean => (Number(cell) & flag) !== 0;
  return {
    startExact: has(FLAGS.startExact),
    startTimed: has(FLAGS.startTimed),
    endExact: has(FLAGS.endExact),
    identityExact: has(FLAGS.identityExact),
    listed: has(FLAGS.listed),
    isApplication: has(FLAGS.isApplication),
  };
}

function readEndReason(cell: Cell): EndReason | null {
  return cell === null ? null : (END_REASONS[Number(cell)] ?? null);
}

/** Sessions, each as it is now. */
export const SESSIONS = new Table(
  'sessions',
  {
    id: { ...KEY, write: ({ id }) => id },
    first_seq: { ...number('firstSeq'), isFixed: true },
    last_seq: number('lastSeq'),
    host: { ...NAME, isFixed: true, write: ({ key }, names) => names.host(key.host) },
    user: { ...USER, isFixed: true, write: ({ key }, names) => names.user(key.user) },
    session_key: {
      ...name('sessionKey'),
      write: (session, names) => names.sessionKey(session.sessionKey, session),
    },
    virtual_proxy: name('virtualProxy'),
    user_agent: name('userAgent'),
    created_at: { ...NUMBER, isFixed: true, write: ({ createdAt }) => createdAt },
    started_at: number('startedAt'),
    flags: {
      ...NUMBER,
      write: writeFlags,
      read: readFlags,
      restore: (session, cell) => {
        const { listed: _, ...fields } = readFlags(cell);
        Object.assign(session, fields);
      },
    },
    synthesised_at: numberOrNull('synthesisedAt'),
    last_activity_at: number('lastActivityAt'),
    ended_at: numberOrNull('endedAt'),
    end_reason: {
      ...NUMBER_OR_NULL,
      write: ({ endReason }) => (endReason === null ? Number.NaN : END_REASONS.indexOf(endReason)),
      read: readEndReason,
      restore: (session, cell) => {
        session.endReason = readEndReason(cell);
      },
    },
    ended_seen_at: numberOrNull('endedSeenAt'),
    connections: number('connectionCount'),
    open_connections: { ...NUMBER, write: ({ openConnections }) => openConnections.length },
    last_connection: number('lastConnectionId'),
    arrived_at: { ...NUMBER, isFixed: true, write: ({ arrivedAt }) => arrivedAt, since: 3, default: 0 },
    last_seen_at: { ...number('lastSeenAt'), since: 3, default: 0 },
    epoch: { ...number('epoch'), since: 3, default: 0 },
    seen_id_mark: { ...NUMBER, write: ({ sighting }) => sighting?.mark ?? 0, since: 4, default: 0 },
  } satisfies Readonly<Record<string, SessionColumn>>,
  {
    indexes: [
      'CREATE INDEX sessions_ended ON sessions (ended_seen_at) WHERE ended_seen_at IS NOT NULL',
      'CREATE INDEX sessions_open ON sessions (id) WHERE ended_seen_at IS NULL',
    ],
  },
);

const RESTORED = SESSIONS.names.map((column) => (SESSIONS.columns[column] as SessionColumn).restore ?? null);

/** Puts all columns of a record, in the order of the table, back into a session. */
export function restoreSession(session: Session, cells: Cells, names: StoredNames): void {
  for (let place = 0; place < RESTORED.length; place += 1) {
    RESTORED[place]?.(session, cells[place] as Cell, names);
  }
}

/** Sessions on their way to the writer, with what their block gets to know besides. */
export const SESSION = new Layout({
  ...SESSIONS.columns,
  host_bit: { write: ({ key }: Session) => bitOf(key.host.name) },
  proxy_bit: { write: ({ virtualProxy }: Session) => bitOf(virtualProxy) },
});

/** What changes of a session with each of its events, and the key. */
export const ACTIVITY_COLUMNS = [
  'last_seq',
  'last_activity_at',
  'last_seen_at',
  'epoch',
  'connections',
  'open_connections',
  'last_connection',
] as const;
export const ACTIVITY = new Layout(SESSIONS.pick([...ACTIVITY_COLUMNS, 'id']));

/** See session-blocks.ts. */
export const SESSION_BLOCKS = new Table('session_blocks', {
  block: KEY,
  started_from: NUMBER,
  ended_to: NUMBER,
  hosts: NUMBER,
  proxies: NUMBER,
  users: BLOB,
});

/** Values of `connections.close_exact`. */
export const CLOSE = { guessed: 0, exact: 1, byStop: 2 } as const;

function writeClose({ closeExact, closedByStop }: Connection): number {
  if (closeExact) return CLOSE.exact;
  return closedByStop ? CLOSE.byStop : CLOSE.guessed;
}

/** Connections, those of a session chained by `previous`. */
export const CONNECTIONS = new Table(
  'connections',
  {
    id: { ...KEY, write: ({ id }) => id },
    session: { ...NUMBER, write: ({ session }) => session.id },
    app: { ...NAME, write: ({ appId }, names) => names.string(appId) },
    app_mark: { ...NUMBER, write: ({ appId }) => markOf(appId) },
    opened_at: { ...NUMBER, write: ({ openedAt }) => openedAt },
    closed_at: { ...NUMBER_OR_NULL, write: ({ closedAt }) => orNaN(closedAt) },
    close_exact: { ...NUMBER, write: writeClose },
    previous: { ...NUMBER, write: ({ previousId }) => previousId },
  } satisfies Columns<Connection>,
  {
    indexes: [
      'CREATE INDEX connections_open ON connections (id) WHERE closed_at IS NULL',
      'CREATE INDEX connections_app ON connections (app_mark, session) WHERE app_mark <> 0',
    ],
  },
);

/** Connections on their way to the writer: new ones whole, those that have a record only with how they closed. */
export const CONNECTION = new Layout(CONNECTIONS.columns);
export const CLOSING_COLUMNS = ['closed_at', 'close_exact'] as const;
export const CLOSING = new Layout(CONNECTIONS.pick([...CLOSING_COLUMNS, 'id']));
