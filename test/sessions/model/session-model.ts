import type { User, UserEvent } from '../../../src/contract/event.ts';

/**
 * The rules of `docs/session-tracking.md` in their slowest and most obvious form, to be laid beside that page.
 * Nothing here is taken from `src/core/sessions.ts`. Every session ever created stays in one array, every
 * question is a scan of it, and every count is computed when it is asked for.
 */

export interface SessionView {
  id: number;
  host: string;
  user: string;
  sessionKey: string | null;
  virtualProxy: string | null;
  userAgent: string | null;
  startedAt: number;
  startExact: boolean;
  endedAt: number | null;
  endExact: boolean;
  endReason: string | null;
  identityExact: boolean;
  lastActivityAt: number;
  connections: { appId: string | null; openedAt: number; closedAt: number | null; closeExact: boolean }[];
}

/** What is open under one name. */
export interface OpenView {
  sessions: number;
  users: number;
  connections: number;
}

export interface TrackerView {
  sessions: SessionView[];
  active: { sessions: number; users: number; connections: number; connectedUsers: number };
  /** By name; where nothing is open there is none. An app has no sessions of its own. */
  hosts: Record<string, OpenView>;
  virtualProxies: Record<string, OpenView>;
  apps: Record<string, Omit<OpenView, 'sessions'>>;
  /** Ids of the open sessions that are doubtful. */
  doubtful: number[];
  /** Distinct users with a session that is not doubtful: over all, and by host. */
  sureUsers: number;
  sureUsersByHost: Record<string, number>;
  created: number;
  destroyed: number;
  rejected: number;
  orphanStops: number;
  orphanCloses: number;
  keyMismatches: number;
  ignoredKeyHosts: string[];
}

export interface WindowView {
  last5s: number;
  last1m: number;
  last1h: number;
  total: number;
}

/** What happened lately, by event time. */
export interface WindowsView {
  created: WindowView;
  destroyed: WindowView;
  rejected: WindowView;
  averageDurationSeconds: number | null;
}

interface Settings {
  timeoutMs: number;
  graceMs: number;
  maxAgeMs: number;
}

interface Connection {
  /** Numbers all connections in order of creation. */
  n: number;
  appId: string | null;
  openedAt: number;
  closedAt: number | null;
  closeExact: boolean;
}

interface Session {
  id: number;
  host: string;
  user: User | null;
  sessionKey: string | null;
  virtualProxy: string | null;
  userAgent: string | null;
  /** `startedAt` as it was at creation. */
  createdAt: number;
  startedAt: number;
  startExact: boolean;
  startTimed: boolean;
  /** Arrival of the Open that synthesised it; null where a Start opened it. */
  synthesisedAt: number | null;
  confirmed: boolean;
  lastActivityAt: number;
  /** Arrival of the line that created it. */
  arrivedAt: number;
  /** Arrival of its latest line. */
  lastSeenAt: number;
  /** The number of the latest loss, of any host, before its last sure sign of life. */
  sureSince: number;
  identityExact: boolean;
  connections: Connection[];
  endedAt: number | null;
  endExact: boolean;
  endReason: 'stop' | 'timeout' | 'max_age' | 'restart' | null;
  /** The clock of the sweep that ended it. */
  endedSeenAt: number | null;
}

export type LossReason = 'downtime' | 'drops' | 'gap' | 'restart' | 'clock';

interface Loss {
  n: number;
  /** Null where it touches every host. */
  host: string | null;
  reason: LossReason;
  to: number;
  /** Of a `clock`: the line that contradicted what was known. */
  line: UserEvent | null;
  /** The line has found what it was of: nothing was lost, but those who became doubtful stay so. */
  isWithdrawn: boolean;
}

interface EndedSession extends Session {
  endedAt: number;
}

/** A connection that a Stop closed, which a Close may still complete. */
interface StoppedConnection {
  session: Session;
  connection: Connection;
  /** Arrival of that Stop. */
  seenAt: number;
}

const CONFIRM_WITHIN = 5_000;
/** The first Open of a session after its Start, by event time, and before it, by arrival. */
const OPEN_AFTER_START_WITHIN = 20_000;
const OPEN_BEFORE_START_WITHIN = 60_000;
const STOP_AFTER_START_WITHIN = 20_000;
const ORPHAN_STOP_REMEMBERED = 60_000;
const CLOSE_AFTER_STOP_WITHIN = 60_000;
/** By arrival. */
const STOP_BEFORE_CLOSE_WITHIN = 60_000;
/** A Start or Open after the Stop of its session, by arrival. */
const LATE_AFTER_STOP_WITHIN = 60_000;
const TAKEN_BACK_WITHIN = 24 * 3_600_000;
const REMEMBERED_OF_EACH_KIND = 64;
const SWEEP_GAP = 10_000;
const MISMATCHES_UNTIL_IGNORED = 20;
const MATCHES_UNTIL_BELIEVED = 20;
const IN_A_ROW_WITHIN = 24 * 3_600_000;

// ## Words

/** `directory\id` in lower case, '' for no user. */
export function userName(user: User | null): string {
  return user === null ? '' : `${user.directory ?? ''}\\${user.id}`.toLowerCase();
}

function isOpen(session: Session): boolean {
  return session.endedAt === null;
}

function isEnded(session: Session): session is EndedSession {
  return session.endedAt !== null;
}

function openConnections(session: Session): Connection[] {
  return session.connections.filter((connection) => connection.closedAt === null);
}

/** The same (host, directory, user id), in lower case. */
function sameKey(
  one: { host: string; user: User | null },
  other: { host: string; user: User | null },
): boolean {
  return one.host.toLowerCase() === other.host.toLowerCase() && userName(one.user) === userName(other.user);
}

/** Null agrees with any. */
function agree(one: string | null, other: string | null): boolean {
  return one === null || other === null || one === other;
}

/** *Oldest* session: by (`startedAt`, `id`). */
function oldest(sessions: Session[]): Session | undefined {
  return sessions.toSorted((a, b) => a.startedAt - b.startedAt || a.id - b.id).at(0);
}

/** *Newest* session: by (`startedAt`, `id`). */
function newest(sessions: Session[]): Session | undefined {
  return sessions.toSorted((a, b) => a.startedAt - b.startedAt || a.id - b.id).at(-1);
}

/** The one with the latest (`endedAt`, `id`). */
function latestEnded(sessions: EndedSession[]): EndedSession | undefined {
  return sessions.toSorted((a, b) => a.endedAt - b.endedAt || a.id - b.id).at(-1);
}

/** *Newest connection*: by (`openedAt`, `n`). */
function newestConnection(connections: Connection[]): Connection | undefined {
  return connections.toSorted((a, b) => a.openedAt - b.openedAt || a.n - b.n).at(-1);
}

export class SessionModel {
  readonly #settings: Settings;
  /** All ever created, in order of creation. */
  readonly #sessions: Session[] = [];
  readonly #rejected: UserEvent[] = [];
  readonly #orphanStops: UserEvent[] = [];
  readonly #orphanCloses: UserEvent[] = [];
  /** Every match and every mismatch of session keys, in order. */
  readonly #verdicts: { host: string; match: boolean; at: number }[] = [];
  /** Lines of hosts whose session keys are ignored, since then. */
  readonly #tried = new Map<string, UserEvent[]>();
  // What the keys remember, of all keys together, in the order in which it was remembered.
  #rememberedSessions: Session[] = [];
  #rememberedConnections: StoppedConnection[] = [];
  #rememberedOrphanStops: UserEvent[] = [];
  #rememberedOrphanCloses: UserEvent[] = [];
  #rememberedStopped: Session[] = [];
  // ## Doubt
  /** Those that still matter, and all that ever were. */
  #losses: Loss[] = [];
  readonly #allLosses: Loss[] = [];
  #isExcluded: (user: User) => boolean = () => false;
  #lossCount = 0;
  readonly #downtimes: { from: number; to: number }[] = [];
  #lastSweep: number | null = null;

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  /** One event, in the order of the pipeline. */
  apply(event: UserEvent): void {
    if (event.kind === 'session_rejected') {
      this.#rejected.push(event);
      return;
    }
    if (event.result !== null && event.result !== 0) {
      return;
    }
    // Where the host's keys are ignored, lines are treated as if they had none. So below, a line with a
    // session key is a line with a *usable* session key.
    const isIgnored = this.#keysAreIgnored(event.host);
    const line = isIgnored ? { ...event, sessionKey: null } : event;
    if (isIgnored) this.#tryKeys(event);
    if (line.kind === 'session_start') {
      this.#start(line);
    } else if (line.kind === 'connection_open') {
      this.#open(line);
    } else if (line.kind === 'connection_close') {
      this.#close(line);
    } else {
      this.#stop(line);
    }
  }

  // ## Key

  #sessionsOfKey(line: UserEvent): Session[] {
    return this.#sessions.filter((session) => sameKey(session, line));
  }

  // ## Candidates

  #candidates(line: UserEvent, target: Session | undefined): Session[] {
    if (target !== undefined) {
      return [target];
    }
    return this.#sessionsOfKey(line).filter(
      (session) => isOpen(session) && agree(session.virtualProxy, line.virtualProxy),
    );
  }

  /** A session whose virtual proxy or user agent is null takes over that of a line that is attached to it (Start, Open). */
  #takeOver(session: Session, line: UserEvent): void {
    session.virtualProxy ??= line.virtualProxy;
    session.userAgent ??= line.userAgent;
  }

  // ### Session keys

  #target(line: UserEvent): Session | undefined {
    if (line.sessionKey === null) {
      return undefined;
    }
    // 1. A match.
    const same = this.#sessionsOfKey(line).find(
      (session) => isOpen(session) && session.sessionKey === line.sessionKey,
    );
    if (same !== undefined) {
      this.#match(line);
      return same;
    }
    // 2. Adoption.
    const without = oldest(
      this.#candidates(line, undefined).filter((session) => session.sessionKey === null),
    );
    if (without !== undefined) {
      without.sessionKey = line.sessionKey;
      return without;
    }
    // 3. No target.
    return undefined;
  }

  #match(line: UserEvent): void {
    this.#verdicts.push({ host: line.host.toLowerCase(), match: true, at: line.receivedAt });
  }

  #mismatch(line: UserEvent): void {
    this.#verdicts.push({ host: line.host.toLowerCase(), match: false, at: line.receivedAt });
    this.#renew(line.host, line.receivedAt);
  }

  /** Once one of its keys has matched, the keys of the host are constant. */
  #keysAreConstant(host: string): boolean {
    return this.#verdicts.some((verdict) => verdict.match && verdict.host === host.toLowerCase());
  }

  /**
   * Keys that are ignored are believed again from the next line on, once Starts and the next Stop of the same user have had the same key
   * 20 times more than another one; that count never falls below none.
   */
  #tryKeys(event: UserEvent): void {
    const host = event.host.toLowerCase();
    const tried = [...(this.#tried.get(host) ?? []), event];
    this.#tried.set(host, tried);
    let more = 0;
    const keyOf = new Map<string, string>();
    for (const { kind, user, sessionKey } of tried) {
      if (user === null || sessionKey === null) continue;
      const name = userName(user);
      const began = keyOf.get(name);
      if (kind === 'session_start' && began === undefined) keyOf.set(name, sessionKey);
      if (kind !== 'session_stop' || began === undefined) continue;
      keyOf.delete(name);
      more = began === sessionKey ? more + 1 : Math.max(0, more - 1);
    }
    if (more < MATCHES_UNTIL_BELIEVED) return;
    this.#tried.delete(host);
    this.#match(event);
  }

  /** 20 mismatches without a match in between, each within a day of the one before. As no line of such a host has a usable key any more, this stays so until they are believed. */
  #keysAreIgnored(host: string): boolean {
    const ofHost = this.#verdicts.filter((verdict) => verdict.host === host.toLowerCase());
    const lastMatch = ofHost.findLastIndex((verdict) => verdict.match);
    let inRow = 0;
    let before = 0;
    for (const { at } of ofHost.slice(lastMatch + 1)) {
      inRow = at - before > IN_A_ROW_WITHIN ? 1 : inRow + 1;
      before = at;
      if (inRow >= MISMATCHES_UNTIL_IGNORED) return true;
    }
    return false;
  }

  // ### Remembered sessions

  /** Those of the key that ended by `timeout` or `max_age` *within 24 h* of the line. */
  #endedWithin24h(line: UserEvent): EndedSession[] {
    return this.#rememberedSessions
      .filter((session) => sameKey(session, line))
      .filter(isEnded)
      .filter((session) => line.at - session.endedAt <= TAKEN_BACK_WITHIN)
      .filter(
        (session) =>
          session.endedSeenAt !== null && line.receivedAt - session.endedSeenAt <= TAKEN_BACK_WITHIN,
      );
  }

  #rememberSession(session: Session): void {
    this.#rememberedSessions.push(session);
    const ofKey = this.#rememberedSessions.filter((other) => sameKey(other, session));
    const tooMany = ofKey.slice(0, -REMEMBERED_OF_EACH_KIND);
    this.#rememberedSessions = this.#rememberedSessions.filter((other) => !tooMany.includes(other));
  }

  #rememberConnection(stopped: StoppedConnection): void {
    this.#rememberedConnections.push(stopped);
    const ofKey = this.#rememberedConnections.filter((other) => sameKey(other.session, stopped.session));
    const tooMany = ofKey.slice(0, -REMEMBERED_OF_EACH_KIND);
    this.#rememberedConnections = this.#rememberedConnections.filter((other) => !tooMany.includes(other));
  }

  #rememberOrphanStop(stop: UserEvent): void {
    this.#rememberedOrphanStops.push(stop);
    const ofKey = this.#rememberedOrphanStops.filter((other) => sameKey(other, stop));
    const tooMany = ofKey.slice(0, -REMEMBERED_OF_EACH_KIND);
    this.#rememberedOrphanStops = this.#rememberedOrphanStops.filter((other) => !tooMany.includes(other));
  }

  #rememberOrphanClose(close: UserEvent): void {
    if (!close.timed) {
      return;
    }
    this.#rememberedOrphanCloses.push(close);
    const ofKey = this.#rememberedOrphanCloses.filter((other) => sameKey(other, close));
    const tooMany = ofKey.slice(0, -REMEMBERED_OF_EACH_KIND);
    this.#rememberedOrphanCloses = this.#rememberedOrphanCloses.filter((other) => !tooMany.includes(other));
  }

  #rememberStopped(session: Session): void {
    this.#rememberedStopped = this.#rememberedStopped.filter((other) => other !== session);
    this.#rememberedStopped.push(session);
    const ofKey = this.#rememberedStopped.filter((other) => sameKey(other, session));
    const tooMany = ofKey.slice(0, -REMEMBERED_OF_EACH_KIND);
    this.#rememberedStopped = this.#rememberedStopped.filter((other) => !tooMany.includes(other));
  }

  // ## Stopped sessions

  /** The session of this Start or Open, which a Stop ended before the line came. */
  #stoppedBefore(line: UserEvent): EndedSession | undefined {
    const isSame = (session: Session) => line.sessionKey !== null && session.sessionKey === line.sessionKey;
    const open = this.#sessionsOfKey(line).filter(isOpen);
    const fitting = this.#rememberedStopped
      .filter(() => line.timed)
      .filter((session) => sameKey(session, line))
      .filter(isEnded)
      .filter((session) => line.at <= session.endedAt)
      .filter((session) => line.receivedAt - (session.endedSeenAt ?? 0) <= LATE_AFTER_STOP_WITHIN)
      .filter((session) => agree(session.virtualProxy, line.virtualProxy))
      .filter((session) => agree(session.sessionKey, line.sessionKey))
      .filter(
        ({ sessionKey }) => sessionKey === null || open.every((other) => other.sessionKey !== sessionKey),
      )
      .filter((session) =>
        line.kind === 'session_start'
          ? !session.startExact
          : !session.startExact || isSame(session) || session.startedAt <= line.at,
      )
      .toSorted((a, b) => a.endedAt - b.endedAt || a.id - b.id);
    return fitting.find(isSame) ?? fitting.at(0);
  }

  /** It is told of a late line and stays ended as it was. */
  #lookBack(session: EndedSession): void {
    for (const connection of openConnections(session)) {
      this.#closeByStop(session, connection, session.endedAt, session.endedSeenAt ?? 0);
    }
    this.#rememberStopped(session);
  }

  // ## Start

  #start(line: UserEvent): void {
    const matches = this.#matches(line);
    const target = this.#target(line);

    // 1. With a target: it is confirmed.
    if (target !== undefined) {
      this.#confirm(target, line);
      this.#signOfLife(target, line, matches);
      return;
    }

    // 2. One that a Stop has ended already.
    const stopped = this.#stoppedBefore(line);
    if (stopped !== undefined) {
      this.#confirm(stopped, line);
      this.#lookBack(stopped);
      return;
    }

    // 3. Only without a session key: one that an Open synthesised and that waits for its Start.
    if (line.sessionKey === null) {
      const waiting = this.#waitingFor(line);
      if (waiting !== undefined) {
        this.#confirm(waiting, line);
        this.#signOfLife(waiting, line, false);
        return;
      }
    }

    // 4. An orphan Stop that belongs to this Start, or was crossed by the one that does.
    const orphan = this.#orphanStopFor(line) ?? this.#crossedStopFor(line);
    if (orphan !== undefined) {
      this.#createPast(line, orphan).startExact = true;
      return;
    }

    // 5. The session with this key that ended by time-out within 24 h.
    if (line.sessionKey !== null) {
      const ended = latestEnded(
        this.#endedWithin24h(line)
          .filter((session) => session.endReason === 'timeout' || session.endReason === 'restart')
          .filter((session) => session.sessionKey === line.sessionKey),
      );
      if (ended !== undefined) {
        this.#reopen(ended, line);
        this.#confirm(ended, line);
        return;
      }
    }

    // 6. It opens a session.
    const session = this.#create(line);
    session.startExact = true;
    this.#becameOpen(session, line);
  }

  /** The oldest by event time whose Open this Start went before, else the one synthesised first, just now. */
  #waitingFor(line: UserEvent): Session | undefined {
    const waiting = this.#candidates(line, undefined).filter(({ confirmed }) => !confirmed);
    const synthesisedWithin = (ms: number) =>
      waiting.filter(({ synthesisedAt }) => synthesisedAt !== null && line.receivedAt - synthesisedAt <= ms);
    const soonAfter = synthesisedWithin(OPEN_BEFORE_START_WITHIN)
      .filter(({ startTimed }) => line.timed && startTimed)
      .filter(({ startedAt }) => 0 <= startedAt - line.at && startedAt - line.at <= OPEN_AFTER_START_WITHIN);
    return (
      oldest(soonAfter) ??
      synthesisedWithin(CONFIRM_WITHIN)
        .toSorted((a, b) => a.id - b.id)
        .at(0)
    );
  }

  /** A session that an orphan Stop ended before this line of it came. */
  #createPast(line: UserEvent, stop: UserEvent): Session {
    this.#rememberedOrphanStops = this.#rememberedOrphanStops.filter((other) => other !== stop);
    this.#withdraw(stop);
    const session = this.#create(line);
    session.endedAt = Math.max(line.at, stop.at);
    session.endExact = true;
    session.endReason = 'stop';
    session.endedSeenAt = line.receivedAt;
    session.lastActivityAt = session.endedAt;
    this.#rememberStopped(session);
    return session;
  }

  #orphanStopFor(line: UserEvent): UserEvent | undefined {
    return this.#earliestAfter(line, this.#rememberedOrphanStops);
  }

  /** Without a session key: the earliest orphan Stop before this Start, both within a session that a Stop has ended. */
  #crossedStopFor(line: UserEvent): UserEvent | undefined {
    return this.#rememberedOrphanStops
      .filter((stop) => sameKey(stop, line))
      .filter((stop) => stop.timed)
      .filter((stop) => line.receivedAt - stop.receivedAt <= ORPHAN_STOP_REMEMBERED)
      .filter((stop) => agree(stop.virtualProxy, line.virtualProxy))
      .filter((stop) => this.#hasCrossed(line, stop.at, line.at))
      .toSorted((a, b) => a.at - b.at)
      .at(0);
  }

  #hasCrossed(line: UserEvent, stoppedAt: number, startedAt: number): boolean {
    if (!line.timed || line.sessionKey !== null || stoppedAt > startedAt) {
      return false;
    }
    return this.#rememberedStopped
      .filter((session) => sameKey(session, line))
      .filter(isEnded)
      .filter((session) => line.receivedAt - (session.endedSeenAt ?? 0) <= LATE_AFTER_STOP_WITHIN)
      .filter((session) => agree(session.virtualProxy, line.virtualProxy))
      .filter((session) => session.startTimed)
      .some((session) => session.startedAt <= stoppedAt && startedAt <= session.endedAt);
  }

  #earliestAfter(line: UserEvent, orphans: UserEvent[]): UserEvent | undefined {
    if (!line.timed) {
      return undefined;
    }
    return orphans
      .filter((stop) => sameKey(stop, line))
      .filter((stop) => stop.timed)
      .filter((stop) => 0 <= stop.at - line.at && stop.at - line.at <= STOP_AFTER_START_WITHIN)
      .filter((stop) => line.receivedAt - stop.receivedAt <= ORPHAN_STOP_REMEMBERED)
      .filter((stop) => agree(stop.virtualProxy, line.virtualProxy))
      .filter((stop) => agree(stop.sessionKey, line.sessionKey))
      .toSorted((a, b) => a.at - b.at || a.receivedAt - b.receivedAt)
      .at(0);
  }

  /** A new session as the line gives it. It is the caller who says how exact it is. */
  #create(line: UserEvent): Session {
    const session: Session = {
      id: this.#sessions.length + 1,
      host: line.host,
      user: line.user,
      sessionKey: line.sessionKey,
      virtualProxy: line.virtualProxy,
      userAgent: line.userAgent,
      createdAt: line.at,
      startedAt: line.at,
      startExact: false,
      startTimed: line.timed,
      synthesisedAt: null,
      confirmed: false,
      lastActivityAt: line.at,
      arrivedAt: seenAt(line),
      lastSeenAt: seenAt(line),
      sureSince: this.#lossCount,
      identityExact: true,
      connections: [],
      endedAt: null,
      endExact: false,
      endReason: null,
      endedSeenAt: null,
    };
    this.#sessions.push(session);
    return session;
  }

  /** *Confirm*. */
  #confirm(session: Session, line: UserEvent): void {
    if (!session.startExact) {
      session.startExact = true;
      if (line.at < session.startedAt) {
        session.startedAt = line.at;
        session.startTimed = line.timed;
      }
    }
    this.#active(session, line);
    session.confirmed = true;
    this.#takeOver(session, line);
  }

  // ## Open

  #open(line: UserEvent): void {
    const matches = this.#matches(line);
    const session = this.#sessionForOpen(line);
    this.#signOfLife(session, line, matches);
    const connection: Connection = {
      n: this.#sessions.flatMap((any) => any.connections).length + 1,
      appId: line.appId,
      openedAt: line.at,
      closedAt: null,
      closeExact: false,
    };
    session.connections.push(connection);
    this.#active(session, line);
    if (line.at < session.startedAt) {
      session.startedAt = line.at;
      session.startTimed = line.timed;
    }
    this.#takeOver(session, line);
    this.#pairWithOrphanClose(session, connection, line);
    if (isEnded(session)) {
      this.#lookBack(session);
    }
  }

  #pairWithOrphanClose(session: Session, connection: Connection, line: UserEvent): void {
    const ofApp = this.#rememberedOrphanCloses.filter(({ appId }) => appId === line.appId);
    const close = this.#earliestAfter(line, ofApp);
    if (close === undefined) {
      return;
    }
    this.#rememberedOrphanCloses = this.#rememberedOrphanCloses.filter((other) => other !== close);
    this.#withdraw(close);
    connection.closedAt = close.at;
    connection.closeExact = true;
    this.#active(session, { ...line, at: close.at });
  }

  #sessionForOpen(line: UserEvent): Session {
    // Target, else the newest candidate (only for a line without a session key) ...
    const target = this.#target(line);
    if (target !== undefined) {
      return target;
    }
    const candidate = line.sessionKey === null ? newest(this.#candidates(line, target)) : undefined;
    if (candidate !== undefined && this.#qualifies(candidate, line)) {
      return candidate;
    }
    // ... if it started later or there is none, one that has ended already ...
    const stopped = this.#stoppedBefore(line);
    if (stopped !== undefined) {
      return stopped;
    }
    const stop = this.#orphanStopFor(line);
    if (stop !== undefined) {
      return this.#createPast(line, stop);
    }
    if (candidate !== undefined) {
      return candidate;
    }
    // ... if none, the session to reopen ...
    const ended = this.#sessionToReopen(line);
    if (ended !== undefined) {
      this.#reopen(ended, line);
      return ended;
    }
    // ... if none, one is synthesised.
    const session = this.#create(line);
    session.synthesisedAt = line.receivedAt;
    this.#becameOpen(session, line);
    return session;
  }

  // ## Close

  #close(line: UserEvent): void {
    const target = this.#target(line);
    const isOfNone = line.sessionKey !== null && target === undefined && this.#keysAreConstant(line.host);
    const candidates = isOfNone ? [] : this.#candidates(line, target);

    if (this.#closeOpenConnection(line, candidates) || this.#completeStoppedConnection(line)) {
      return;
    }

    // 3. An orphan close.
    this.#orphanCloses.push(line);
    const inTheWay = (isOfNone ? [] : this.#candidates(line, undefined)).flatMap(openConnections);
    if (inTheWay.some((connection) => connection.appId === line.appId)) {
      this.lose(line.host.toLowerCase(), 'clock', line.receivedAt, line);
    }
    this.#rememberOrphanClose(line);
    const [only, ...others] = candidates;
    if (only !== undefined && others.length === 0) {
      this.#active(only, line);
    }
  }

  /** Close, 1. */
  #closeOpenConnection(line: UserEvent, candidates: Session[]): boolean {
    const connection = newestConnection(
      candidates
        .flatMap(openConnections)
        .filter((any) => any.appId === line.appId)
        .filter((any) => !line.timed || any.openedAt <= line.at),
    );
    const session = candidates.find((any) => any.connections.some((own) => own === connection));
    if (connection === undefined || session === undefined) {
      return false;
    }
    connection.closedAt = Math.max(connection.openedAt, line.at);
    connection.closeExact = true;
    this.#active(session, line);
    return true;
  }

  /** Close, 2. */
  #completeStoppedConnection(line: UserEvent): boolean {
    const connection = newestConnection(
      this.#rememberedConnections
        .filter(({ session }) => sameKey(session, line))
        .filter(({ session }) => agree(session.virtualProxy, line.virtualProxy))
        .filter(({ session }) => agree(session.sessionKey, line.sessionKey))
        .filter(({ session }) => isEnded(session) && line.at - session.endedAt <= CLOSE_AFTER_STOP_WITHIN)
        .filter(({ seenAt: stoppedAt }) => line.receivedAt - stoppedAt <= STOP_BEFORE_CLOSE_WITHIN)
        .map((stopped) => stopped.connection)
        .filter((any) => any.appId === line.appId),
    );
    if (connection === undefined) {
      return false;
    }
    connection.closedAt = Math.max(connection.openedAt, line.at);
    connection.closeExact = true;
    // Used once.
    this.#rememberedConnections = this.#rememberedConnections.filter((any) => any.connection !== connection);
    return true;
  }

  // ## Stop

  #stop(line: UserEvent): void {
    // 1. With a target: that one.
    const target = this.#target(line);
    if (target !== undefined) {
      this.#endByStop(target, line);
      return;
    }
    const candidates = this.#candidates(line, target);

    // Session keys, 3: first an ended session with this very key, and failing that perhaps a mismatch.
    if (line.sessionKey !== null) {
      const same = latestEnded(
        this.#correctable(line).filter((session) => session.sessionKey === line.sessionKey),
      );
      if (same !== undefined) {
        this.#match(line);
        this.#correct(same, line);
        return;
      }
      if (candidates.length > 0) {
        this.#mismatch(line);
      }
      if (this.#keysAreConstant(line.host)) {
        this.#orphanStops.push(line);
        this.#rememberOrphanStop(line);
        return;
      }
    }

    // 2. The oldest candidate without open connection, else the oldest candidate.
    const open = this.#sessionsOfKey(line).filter(isOpen);
    const idle = oldest(candidates.filter((session) => openConnections(session).length === 0));
    const first = oldest(candidates);
    const qualifying = [idle, first].find((any) => any !== undefined && this.#qualifies(any, line));
    const isCrossed = first !== undefined && this.#hasCrossed(line, line.at, first.startedAt);
    const ending = qualifying ?? (isCrossed ? first : undefined);
    if (ending !== undefined) {
      if (open.length > 1) {
        ending.identityExact = false;
        this.#leaveDoubtBehind(ending, newest(candidates));
      }
      this.#endByStop(ending, line);
      return;
    }

    // 3. A session that ended by itself is corrected.
    const ended = latestEnded(this.#correctable(line));
    if (ended !== undefined) {
      this.#correct(ended, line);
      return;
    }

    // 4. An orphan stop.
    this.#orphanStops.push(line);
    if (candidates.length > 0) {
      this.lose(line.host.toLowerCase(), 'clock', line.receivedAt, line);
    }
    this.#rememberOrphanStop(line);
  }

  #qualifies(session: Session, line: UserEvent): boolean {
    return !(line.timed && session.startTimed && session.startedAt > line.at);
  }

  /** Stop, 3. */
  #correctable(line: UserEvent): EndedSession[] {
    return this.#endedWithin24h(line)
      .filter((session) => ['timeout', 'max_age', 'restart'].includes(session.endReason ?? ''))
      .filter((session) => agree(session.virtualProxy, line.virtualProxy))
      .filter((session) => this.#qualifies(session, line));
  }

  #correct(session: Session, line: UserEvent): void {
    session.endedAt = Math.max(session.startedAt, line.at);
    session.endExact = true;
    session.endReason = 'stop';
    session.endedSeenAt = line.receivedAt;
    this.#rememberedSessions = this.#rememberedSessions.filter((other) => other !== session);
    this.#active(session, line);
    this.#rememberStopped(session);
  }

  /** Ending by Stop. */
  #endByStop(session: Session, line: UserEvent): void {
    const endedAt = Math.max(session.startedAt, line.at);
    for (const connection of openConnections(session)) {
      this.#closeByStop(session, connection, endedAt, line.receivedAt);
    }
    session.endedAt = endedAt;
    session.endExact = true;
    session.endReason = 'stop';
    session.endedSeenAt = line.receivedAt;
    this.#active(session, line);
    this.#rememberStopped(session);
  }

  #closeByStop(session: Session, connection: Connection, endedAt: number, stoppedAt: number): void {
    connection.closedAt = Math.max(connection.openedAt, endedAt);
    connection.closeExact = false;
    this.#rememberConnection({ session, connection, seenAt: stoppedAt });
  }

  // ## Signs of life

  #active(session: Session, line: UserEvent): void {
    session.lastActivityAt = Math.max(session.lastActivityAt, line.at);
    session.lastSeenAt = Math.max(session.lastSeenAt, seenAt(line));
  }

  /** An open session of the key has the line's session key. */
  #matches(line: UserEvent): boolean {
    return this.#sessionsOfKey(line).some(
      (session) => isOpen(session) && session.sessionKey !== null && session.sessionKey === line.sessionKey,
    );
  }

  /** A Start or Open clears the doubt where it can only be that session's. */
  #signOfLife(session: Session, line: UserEvent, matches: boolean): void {
    const open = this.#sessionsOfKey(line).filter(isOpen);
    if (matches || open.length === 1) {
      session.sureSince = this.#lossCount;
    }
  }

  // ## Doubt

  #touches(loss: Loss, session: Session): boolean {
    return loss.host === null || loss.host === session.host.toLowerCase();
  }

  #isDoubtfulBy(loss: Loss, session: Session): boolean {
    return isOpen(session) && this.#touches(loss, session) && session.sureSince < loss.n;
  }

  #isDoubtful(session: Session): boolean {
    return this.#allLosses.some((loss) => this.#isDoubtfulBy(loss, session));
  }

  /** A Stop that may be of several ends one of them; its doubt goes over to the newest. */
  #leaveDoubtBehind(ending: Session, other: Session | undefined): void {
    if (other !== undefined && other.sureSince > ending.sureSince) {
      [ending.sureSince, other.sureSince] = [other.sureSince, ending.sureSince];
    }
  }

  /** Lines of this host, or of every host where it is null, were lost. */
  lose(host: string | null, reason: LossReason, now: number, line: UserEvent | null = null): void {
    this.#lossCount += 1;
    const loss = { n: this.#lossCount, host, reason, to: now, line, isWithdrawn: false };
    this.#losses.push(loss);
    this.#allLosses.push(loss);
  }

  #withdraw(line: UserEvent): void {
    for (const loss of this.#losses.filter((any) => any.line === line)) {
      loss.isWithdrawn = true;
    }
  }

  #renew(host: string, now: number): void {
    const latest = this.#losses
      .filter((loss) => loss.host === null || loss.host === host.toLowerCase())
      .filter((loss) => !loss.isWithdrawn)
      .at(-1);
    if (latest !== undefined) {
      latest.to = Math.max(latest.to, now);
    }
  }

  #isRecent(loss: Loss, now: number): boolean {
    const { maxAgeMs, graceMs } = this.#settings;
    return now <= loss.to + maxAgeMs + graceMs + this.#downtimeAfter(loss.to);
  }

  /** Why the count of a host is no better, but for what the lines themselves say. */
  reasonsOf(host: string, now: number): string[] {
    const ofHost = this.#shown().filter((session) => session.host.toLowerCase() === host);
    const reasons = this.#losses
      .filter((loss) => loss.host === null || loss.host === host)
      .filter((loss) => !loss.isWithdrawn)
      .filter(
        (loss) => this.#isRecent(loss, now) || ofHost.some((session) => this.#isDoubtfulBy(loss, session)),
      )
      .map((loss) => loss.reason);
    return [...new Set(reasons)].toSorted();
  }

  // ## identityExact

  #becameOpen(session: Session, line: UserEvent): void {
    const open = this.#sessionsOfKey(line).filter(isOpen);
    if (open.some((other) => other !== session)) {
      for (const each of open.filter((any) => any.sessionKey === null)) {
        each.identityExact = false;
      }
    }
  }

  // ## Reopen

  /** For an Open without candidate (for a line with a session key: without target). */
  #sessionToReopen(line: UserEvent): Session | undefined {
    const ended = this.#endedWithin24h(line)
      .filter((session) => session.endReason === 'timeout' || session.endReason === 'restart')
      .filter((session) => agree(session.virtualProxy, line.virtualProxy))
      .filter((session) => agree(session.sessionKey, line.sessionKey));
    if (line.sessionKey === null) {
      return latestEnded(ended);
    }
    const equal = latestEnded(ended.filter((session) => session.sessionKey === line.sessionKey));
    return equal ?? latestEnded(ended);
  }

  #reopen(session: Session, line: UserEvent): void {
    // It loses its session key where another open session of its key has it (Session keys, last sentence).
    const others = this.#sessionsOfKey(line).filter(isOpen);
    if (others.some((other) => other.sessionKey === session.sessionKey)) {
      session.sessionKey = null;
    }
    session.endedAt = null;
    session.endReason = null;
    session.endExact = false;
    session.sureSince = this.#lossCount;
    session.lastSeenAt = Math.max(session.lastSeenAt, seenAt(line));
    this.#rememberedSessions = this.#rememberedSessions.filter((other) => other !== session);
    this.#becameOpen(session, line);
  }

  // ## Time

  sweep(now: number): void {
    if (this.#lastSweep !== null && now - this.#lastSweep > SWEEP_GAP) {
      this.#downtimes.push({ from: this.#lastSweep, to: now });
      this.lose(null, 'downtime', now);
    }
    this.#lastSweep = now;

    const { timeoutMs, graceMs, maxAgeMs } = this.#settings;
    for (const session of this.#sessions.filter(isOpen)) {
      const shift = (since: number) => this.#downtimeAfter(since);
      if (openConnections(session).length === 0) {
        if (now > session.lastSeenAt + timeoutMs + graceMs + shift(session.lastSeenAt)) {
          this.#endByItself(session, 'timeout', now);
          continue;
        }
      } else if (now > session.arrivedAt + maxAgeMs + shift(session.arrivedAt)) {
        this.#endByItself(session, 'max_age', now);
        continue;
      }
      const restarts = this.#losses
        .filter((loss) => loss.reason === 'restart')
        .filter((loss) => this.#isDoubtfulBy(loss, session));
      if (restarts.some((loss) => now > loss.to + timeoutMs + graceMs + shift(loss.to))) {
        this.#endByItself(session, 'restart', now);
      }
    }
    this.#losses = this.#losses.filter(
      (loss) =>
        this.#isRecent(loss, now) || this.#shown().some((session) => this.#isDoubtfulBy(loss, session)),
    );
  }

  #endByItself(session: Session, reason: 'timeout' | 'max_age' | 'restart', now: number): void {
    for (const connection of openConnections(session)) {
      connection.closedAt = Math.max(connection.openedAt, session.lastActivityAt);
      connection.closeExact = false;
    }
    session.endedAt = session.lastActivityAt;
    session.endExact = false;
    session.endReason = reason;
    session.endedSeenAt = now;
    this.#rememberSession(session);
  }

  /** `shift`: the sum of the parts of all downtimes after that moment. */
  #downtimeAfter(since: number): number {
    return this.#downtimes
      .map((downtime) => Math.max(0, downtime.to - Math.max(downtime.from, since)))
      .reduce((sum, part) => sum + part, 0);
  }

  /** Headcount did not run from `stoppedAt` to `startedAt`; it lost nothing of what it knew. */
  restart(stoppedAt: number, startedAt: number): void {
    this.#downtimes.push({ from: stoppedAt, to: startedAt });
    this.lose(null, 'downtime', startedAt);
    this.#lastSweep = null;
  }

  // ## Blacklist reload

  exclude(isExcluded: (user: User) => boolean, _now: number): void {
    this.#isExcluded = isExcluded;
  }

  #shown(): Session[] {
    return this.#sessions.filter(
      (session) => isOpen(session) && (session.user === null || !this.#isExcluded(session.user)),
    );
  }

  // ## Counts

  view(): TrackerView {
    const open = this.#shown();
    const ofUsers = open.filter((session) => session.user !== null);
    const sure = ofUsers.filter((session) => !this.#isDoubtful(session));
    const connected = ofUsers.filter((session) => openConnections(session).length > 0);
    const hosts = new Set(this.#verdicts.map((verdict) => verdict.host));
    const tabs = open.flatMap((session) =>
      openConnections(session).map(({ appId }) => ({ appId, user: session.user })),
    );
    return {
      sessions: this.#sessions.map((session) => ({
        id: session.id,
        host: session.host,
        user: userName(session.user),
        sessionKey: session.sessionKey,
        virtualProxy: session.virtualProxy,
        userAgent: session.userAgent,
        startedAt: session.startedAt,
        startExact: session.startExact,
        endedAt: session.endedAt,
        endExact: session.endExact,
        endReason: session.endReason,
        identityExact: session.identityExact,
        lastActivityAt: session.lastActivityAt,
        connections: session.connections.map(({ appId, openedAt, closedAt, closeExact }) => ({
          appId,
          openedAt,
          closedAt,
          closeExact,
        })),
      })),
      active: {
        sessions: open.length,
        users: new Set(ofUsers.map((session) => userName(session.user))).size,
        connections: open.flatMap(openConnections).length,
        connectedUsers: new Set(connected.map((session) => userName(session.user))).size,
      },
      hosts: byName(
        open,
        (session) => session.host,
        (sessions) => openView(sessions),
      ),
      virtualProxies: byName(
        open,
        (session) => session.virtualProxy,
        (sessions) => openView(sessions),
      ),
      apps: byName(
        tabs,
        (tab) => tab.appId,
        (ofApp) => ({ users: usersOf(ofApp), connections: ofApp.length }),
      ),
      doubtful: open.filter((session) => this.#isDoubtful(session)).map((session) => session.id),
      sureUsers: usersOf(sure),
      sureUsersByHost: Object.fromEntries(
        [...new Set(open.map((session) => session.host))]
          .toSorted()
          .map((host) => [host, usersOf(sure.filter((session) => session.host === host))]),
      ),
      created: this.#sessions.length,
      destroyed: this.#sessions.length - open.length,
      rejected: this.#rejected.length,
      orphanStops: this.#orphanStops.length,
      orphanCloses: this.#orphanCloses.length,
      keyMismatches: this.#verdicts.filter((verdict) => !verdict.match).length,
      ignoredKeyHosts: [...hosts].filter((host) => this.#keysAreIgnored(host)).toSorted(),
    };
  }

  /** Whole seconds that end with the current one; what lies ahead of it is in none of them. */
  windows(now: number): WindowsView {
    const ended = this.#sessions.filter(isEnded);
    const recent = ended.filter((session) => ageSeconds(session.endedAt, now) < HOUR_SECONDS);
    const inPast = recent.filter((session) => ageSeconds(session.endedAt, now) >= 0);
    const destroyed = windowsOf(
      ended.map((session) => session.endedAt),
      now,
    );
    const lengths = inPast.map((session) => Math.max(0, session.endedAt - session.startedAt));
    return {
      created: windowsOf(
        this.#sessions.map((session) => session.createdAt),
        now,
      ),
      destroyed: { ...destroyed, total: this.#sessions.length - this.#shown().length },
      rejected: windowsOf(
        this.#rejected.map((line) => line.at),
        now,
      ),
      averageDurationSeconds:
        lengths.length === 0
          ? null
          : Math.round(lengths.reduce((sum, each) => sum + each, 0) / lengths.length) / 1_000,
    };
  }
}

const HOUR_SECONDS = 3_600;

function ageSeconds(at: number, now: number): number {
  return Math.floor(now / 1_000) - Math.floor(at / 1_000);
}

function windowsOf(moments: number[], now: number): WindowView {
  const within = (seconds: number) =>
    moments.filter((at) => ageSeconds(at, now) >= 0 && ageSeconds(at, now) < seconds).length;
  return { last5s: within(5), last1m: within(60), last1h: within(HOUR_SECONDS), total: moments.length };
}

function usersOf(items: { user: User | null }[]): number {
  return new Set(items.filter(({ user }) => user !== null).map(({ user }) => userName(user))).size;
}

function openView(sessions: Session[]): OpenView {
  return {
    sessions: sessions.length,
    users: usersOf(sessions),
    connections: sessions.flatMap(openConnections).length,
  };
}

function byName<T, V>(items: T[], nameOf: (item: T) => string | null, view: (items: T[]) => V) {
  const names = new Set(items.map(nameOf).filter((name) => name !== null));
  return Object.fromEntries(
    [...names].map((name) => [name, view(items.filter((item) => nameOf(item) === name))]),
  );
}

/** An HTTP item, which has a time and no row number, says when something was; any other line is as old as its arrival. */
function seenAt(line: UserEvent): number {
  const isItem = line.timed && line.rowNumber === null;
  return isItem && line.at < line.receivedAt ? line.at : line.receivedAt;
}
