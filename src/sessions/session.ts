import type { User } from '../contract/event.ts';
import type { EndReason } from '../contract/rows.ts';
import type { HostClock } from './clocks/host-clock.ts';
import { Rhythm } from './clocks/rhythm.ts';
import { HostDoubt } from './doubt/host-doubt.ts';
import type { LossWindow } from './doubt/loss-window.ts';
import type { EdgeSite } from './edges/edge-site.ts';
import { HostStanding } from './hosts/host-standing.ts';
import type { KeyTrial } from './hosts/key-trial.ts';
import { Layouts } from './hosts/layouts.ts';
import type { OrphanClose, OrphanStop } from './orphans.ts';
import { Balance } from './quality/balance.ts';
import type { Dimension } from './series.ts';
import type { ProxySighting } from './snapshots/proxy-sighting.ts';
import type { Gauge } from './tally/gauge.ts';

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
  /** What it is counted in under the name of its app; null where it has none, while its user is hidden, and once it is closed. */
  gauge: Gauge<KnownUser> | null = null;
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
const NEVER = Number.NEGATIVE_INFINITY;

/** A proxy session, from log-in to log-out or time-out. Times in milliseconds since 1970 UTC. */
export class Session {
  /** Rises in order of creation. */
  readonly id: number;
  key: Key;
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
  /** Event time of its latest line. */
  lastActivityAt: number;
  /** Arrivals, from `createdAt` on: small integers need no memory of their own. */
  readonly arrivedAfterMs: number;
  seenAfterMs: number;
  /** Of the latest loss of lines before a sign of life that can only be its own; see `HostDoubt`. */
  epoch: number;
  /** What it is counted in under the name of its virtual proxy; null where it has none, while its user is hidden, and once it has ended. */
  gauge: Gauge<KnownUser> | null = null;
  /** The SessionId by which snapshots list it, or did last. */
  sighting: ProxySighting | null = null;
  /** `at` of the latest snapshot of its virtual proxy, if that one lists it. */
  listedAt: number | null = null;
  identityExact = true;
  /** Told of by its own program: the rules of docs/application-sessions.md hold. */
  isApplication = false;
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

  constructor(id: number, key: Key, startedAt: number, exact: boolean, timed: boolean, arrivedAt: number) {
    this.id = id;
    this.key = key;
    this.arrivedAfterMs = arrivedAt - startedAt;
    this.seenAfterMs = this.arrivedAfterMs;
    this.epoch = key.host.doubt.epoch;
    this.createdAt = startedAt;
    this.startedAt = startedAt;
    this.startExact = exact;
    this.startTimed = timed;
    this.lastActivityAt = startedAt;
  }

  /** Event time of its latest line, or when a snapshot listed it last. */
  get lastSignAt(): number {
    return Math.max(this.lastActivityAt, this.listedAt ?? NEVER);
  }

  /** Our clock when the line that created it arrived. */
  get arrivedAt(): number {
    return this.createdAt + this.arrivedAfterMs;
  }

  /** Our clock at its latest sign of life: time-outs run from there. */
  get lastSeenAt(): number {
    return this.createdAt + this.seenAfterMs;
  }

  set lastSeenAt(at: number) {
    this.seenAfterMs = at - this.createdAt;
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

/** A Sense node, with its counts. */
export class Host {
  readonly name: string;
  readonly dimension: Dimension;
  readonly keys = new Map<KnownUser | null, Key>();
  journalNumber = 0;
  journalGeneration = -1;
  openSessions = 0;
  openUsers = 0;
  openConnections = 0;
  /** Latest event time seen of this host. */
  lastEventAt = 0;
  /** Keyed Stops in a row that matched no session, and our clock at the latest. */
  keyMismatches = 0;
  keyMismatchedAt = 0;
  keysIgnored = false;
  keysMatched = false;
  /** Only while they are ignored. */
  keyTrial: KeyTrial | null = null;
  /** No node of Sense, but a program that tells of its own sessions. */
  isApplication = false;
  /** Our clock at the latest line about a session, and at the latest without a row number; 0 for none. */
  heardAt = 0;
  unnumberedAt = 0;
  /** Null while no line of it carried a time. */
  clock: HostClock | null = null;
  readonly rhythm = new Rhythm();
  /** When a complete snapshot last agreed, and how often one is taken. */
  reconciledAt: number | null = null;
  reconcileIntervalMs = 0;
  readonly doubt: HostDoubt<Key>;
  /** Losses of its own that still matter. */
  losses: LossWindow[] = [];
  readonly balance = new Balance();
  readonly layouts = new Layouts();
  readonly standing: HostStanding;
  /** Where it is a host of another site, of which edges tell. */
  edgeSite: EdgeSite | null = null;

  /** `epoch`: of the latest loss anywhere. */
  constructor(name: string, epoch: number, now: number) {
    this.name = name;
    this.standing = new HostStanding(now);
    this.dimension = `host:${name}`;
    this.doubt = new HostDoubt(epoch);
  }
}

/** A user on any host. */
export class KnownUser implements User {
  readonly directory: string | null;
  readonly id: string;
  journalNumber = 0;
  journalGeneration = -1;
  /** Hosts on which the user has an open session. */
  openKeys = 0;
  openConnections = 0;
  /** Hosts on which the user has a session that is sure. */
  sureKeys = 0;
  /** Keys that refer to this user. */
  keys = 0;
  /** The rules of now exclude the user: sessions are kept, but in no count. */
  isHidden = false;

  constructor(directory: string | null, id: string) {
    this.directory = directory;
    this.id = id;
  }
}

/** (host, user): the key of sessions. Null is empty throughout. */
export class Key {
  readonly host: Host;
  readonly user: KnownUser | null;
  open: OpenSessions | null = null;
  timedOut: Session[] | null = null;
  closedByStop: Connection[] | null = null;
  orphanStops: OrphanStop[] | null = null;
  orphanCloses: OrphanClose[] | null = null;
  /** Those that a Stop ended lately. */
  stopped: Session[] | null = null;
  /** Sessions of an application that have ended and may go on. */
  resumable = 0;
  /** Open sessions that are counted: none while the user is hidden. */
  counted = 0;
  /** Open sessions that are not doubtful, and the place in `host.doubt.keys` while there are any. */
  sure = 0;
  sureSlot = -1;
  /** Our clock at the last line or end; decides when an empty key may be forgotten. */
  usedAt = 0;
  /** Our clock at the last Stop since the program started. */
  stoppedAt = NEVER;
  queued = false;
  queuedAt = 0;

  get openSessions(): number {
    return this.open?.size ?? 0;
  }

  get isHidden(): boolean {
    return this.user?.isHidden === true;
  }

  constructor(host: Host, user: KnownUser | null) {
    this.host = host;
    this.user = user;
  }
}

/**
 * The open sessions of one key: the questions that the tracking rules ask of them, and the changes that must go through here because
 * answers depend on them. `virtualProxy` narrows the answers to candidates: sessions whose virtual proxy agrees with it.
 */
export interface OpenSessions {
  readonly size: number;
  add(session: Session): void;
  remove(session: Session): void;
  attach(connection: Connection): void;
  detach(connection: Connection): void;
  setStart(session: Session, startedAt: number): void;
  setVirtualProxy(session: Session, virtualProxy: string): void;
  setSessionKey(session: Session, sessionKey: string): void;
  /** The session waits for no Start any more. */
  settle(session: Session): void;
  withSessionKey(sessionKey: string): Session | null;
  oldest(virtualProxy: string | null): Session | null;
  newest(virtualProxy: string | null): Session | null;
  /** The oldest without open connection. */
  oldestIdle(virtualProxy: string | null): Session | null;
  /** The oldest without a session key. */
  oldestKeyless(virtualProxy: string | null): Session | null;
  /** The first that was synthesised no earlier than `since` (arrival) and still waits for its Start. */
  firstAwaitingStart(virtualProxy: string | null, since: number): Session | null;
  /** The oldest of those whose start is timed and not before `from` nor after `to`. */
  awaitingLateStart(virtualProxy: string | null, since: number, from: number, to: number): Session | null;
  /** The newest open connection of an app that was opened no later than `until`. */
  newestConnection(virtualProxy: string | null, appId: string | null, until: number): Connection | null;
  /** The same within one session. */
  newestConnectionOf(session: Session, appId: string | null, until: number): Connection | null;
  /** The one candidate, if there is exactly one. */
  only(virtualProxy: string | null): Session | null;
  sessions(): Iterable<Session>;
  /** True when looking at each session has become too slow. */
  readonly crowded: boolean;
}
