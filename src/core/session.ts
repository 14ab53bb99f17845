import type { Key } from './identities.ts';

export const END_REASONS = ['stop', 'timeout', 'max_age', 'excluded'] as const;
export type EndReason = (typeof END_REASONS)[number];

/** One app (or mashup object) opened in a tab. Times in milliseconds since 1970 UTC. */
export class Connection {
  readonly id: number;
  readonly session: Session;
  readonly appId: string | null;
  readonly openedAt: number;
  /** The connection opened before this one in the same session; 0 for the first. */
  readonly previousId: number;
  closedAt: number | null = null;
  closeExact = false;
  /** A Stop closed it, and its Close may still come. */
  closedByStop = false;
  /** Place in `session.openConnections`, so that leaving it costs O(1). */
  slot = -1;
  changed = false;
  /** The journal has a row of it. */
  stored = false;

  constructor(id: number, session: Session, appId: string | null, openedAt: number, previousId: number) {
    this.id = id;
    this.session = session;
    this.appId = appId;
    this.openedAt = openedAt;
    this.previousId = previousId;
  }
}

const NONE: Connection[] = [];

/** A proxy session, from log-in to log-out or time-out. Times in milliseconds since 1970 UTC. */
export class Session {
  /** Rises in order of creation. */
  readonly id: number;
  readonly key: Key;
  /** Event time of the line that created it. Never moves, unlike `startedAt`. */
  readonly createdAt: number;
  startedAt: number;
  startExact: boolean;
  /** Whether `startedAt` is the sender's clock. */
  startTimed: boolean;
  /** Arrival of the Open that synthesised it, while a Start may still confirm it; else null. */
  synthesisedAt: number | null = null;
  sessionKey: string | null = null;
  /** The journal's number for the key, valid within one of its generations of names. */
  journalNumber = 0;
  journalGeneration = -1;
  virtualProxy: string | null = null;
  userAgent: string | null = null;
  lastActivityAt: number;
  identityExact = true;
  endedAt: number | null = null;
  endExact = false;
  endReason: EndReason | null = null;
  /** Our clock when the end was seen: the arrival of the Stop, or the sweep. */
  endedSeenAt: number | null = null;
  openConnections: Connection[] = NONE;
  connectionCount = 0;
  lastConnectionId = 0;
  /** The latest event of this session; each event row names the one before it. 0 for none. */
  lastSeq = 0;
  /** The event that created it. */
  firstSeq = 0;
  /** Second in whose bucket the sweep will look at it; -1 in none. */
  dueBucket = -1;
  /** What has to be written: nothing, that it was active, or all of it. */
  change: 'none' | 'activity' | 'all' = 'none';

  constructor(id: number, key: Key, startedAt: number, exact: boolean, timed: boolean) {
    this.id = id;
    this.key = key;
    this.createdAt = startedAt;
    this.startedAt = startedAt;
    this.startExact = exact;
    this.startTimed = timed;
    this.lastActivityAt = startedAt;
  }

  attach(connection: Connection): void {
    connection.slot = this.openConnections.length;
    if (connection.slot === 0) this.openConnections = [connection];
    else this.openConnections.push(connection);
  }

  detach(connection: Connection): void {
    const last = this.openConnections.pop();
    if (last !== undefined && last !== connection) {
      this.openConnections[connection.slot] = last;
      last.slot = connection.slot;
    }
    connection.slot = -1;
    if (this.openConnections.length === 0) this.openConnections = NONE;
  }
}

/** The order that *oldest* and *newest* speak of. */
export function byStart(a: Session, b: Session): number {
  return a.startedAt - b.startedAt || a.id - b.id;
}

/** The order that *newest connection* speaks of. */
export type Opening = Pick<Connection, 'openedAt' | 'id'>;
export function byOpening(a: Opening, b: Opening): number {
  return a.openedAt - b.openedAt || a.id - b.id;
}

/** A virtual proxy or session key that is unknown agrees with any. */
export function agrees(a: string | null, b: string | null): boolean {
  return a === null || b === null || a === b;
}
