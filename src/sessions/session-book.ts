import type { UserEvent } from '../contract/event.ts';
import type { EndReason } from '../contract/rows.ts';
import { type SignTime, signOfLifeAt } from './clocks/host-clock.ts';
import type { Losses } from './doubt/losses.ts';
import type { Downtimes } from './downtimes.ts';
import type { Identities } from './identities.ts';
import { guessWhichIsWhich } from './identity-guess.ts';
import {
  forgetClosedByStop,
  forgetTimeOut,
  isInferred,
  rememberClosedByStop,
  rememberTimeOut,
} from './key-memory.ts';
import { Deadlines } from './open/deadlines.ts';
import { enter, moveTo, relieve } from './open/enter.ts';
import { openOf } from './open/open-of.ts';
import { PendingChanges } from './pending-changes.ts';
import { Connection, type Key, Session } from './session.ts';
import type { SessionObserver } from './session-observer.ts';
import { StoppedSessions } from './stopped-sessions.ts';
import { copied, StringPool } from './string-pool.ts';
import type { SessionSettings } from './time-outs.ts';

/** The changes that can happen to a session. Which of them a line causes is decided in `session-tracker.ts`. */
export class SessionBook {
  readonly identities: Identities;
  readonly settings: SessionSettings;
  readonly #losses: Losses;
  readonly #observer: SessionObserver;
  readonly deadlines: Deadlines;
  readonly pending = new PendingChanges();
  readonly stopped = new StoppedSessions();
  // App ids, user agents and virtual proxies: few different ones, kept by many sessions.
  readonly #pool = new StringPool();
  #nextSession = 1;
  #nextConnection = 1;

  constructor(
    identities: Identities,
    settings: SessionSettings,
    downtimes: Downtimes,
    losses: Losses,
    observer: SessionObserver,
  ) {
    this.identities = identities;
    this.settings = settings;
    this.deadlines = new Deadlines(settings, downtimes, identities.edgeSites);
    this.#losses = losses;
    this.#observer = observer;
  }

  /** Numbers for the next session and connection. */
  get nextNumbers(): { session: number; connection: number } {
    return { session: this.#nextSession, connection: this.#nextConnection };
  }

  set nextNumbers(next: { session: number; connection: number }) {
    ({ session: this.#nextSession, connection: this.#nextConnection } = next);
  }

  /** A new session, exact where a Start opens it, not where an Open synthesises it. */
  create(key: Key, event: UserEvent, exact: boolean, sessionKey: string | null): Session {
    const session = this.#make(key, event, exact, sessionKey);
    guessWhichIsWhich(session, this.pending);
    return this.#begin(session);
  }

  /** A session that ends at once: it was open only in the past, beside no other. */
  createPast(key: Key, event: UserEvent, exact: boolean, sessionKey: string | null): Session {
    return this.#begin(this.#make(key, event, exact, sessionKey));
  }

  #begin(session: Session): Session {
    this.#enter(session);
    this.#observer.sessionOpened(session);
    return session;
  }

  /** A session that a Stop ended is open for a moment, in which a late line of it is told; then it is ended again. */
  lookBack(session: Session): void {
    const before = session.endedAt ?? session.lastActivityAt;
    this.stopped.delete(session);
    session.endedAt = null;
    this.#enter(session);
    this.#observer.sessionReopened(session, before);
  }

  #make(key: Key, event: UserEvent, exact: boolean, sessionKey: string | null): Session {
    const session = new Session(this.#nextSession++, key, event.at, exact, event.timed, signOfLifeAt(event));
    session.sessionKey = sessionKey === null ? null : copied(sessionKey);
    session.virtualProxy = this.#pool.get(event.virtualProxy);
    session.userAgent = this.#pool.get(event.userAgent);
    session.isApplication = event.application === true;
    if (!exact) session.synthesisedAt = event.receivedAt;
    return session;
  }

  /** A new session of which no line came: snapshots list it since `startedAt`. */
  createListed(key: Key, startedAt: number, virtualProxy: string, now: number): Session {
    const session = new Session(this.#nextSession++, key, startedAt, false, false, startedAt);
    Object.assign(session, { virtualProxy: this.#pool.get(virtualProxy), synthesisedAt: now });
    this.pending.corrected('session_start', session);
    guessWhichIsWhich(session, this.pending);
    return this.#begin(session);
  }

  #enter(session: Session): void {
    this.restore(session);
    this.pending.changed(session);
  }

  /** Puts back an open session as the journal kept it, without telling anyone. */
  restore(session: Session): void {
    enter(session);
    this.fileDue(session);
  }

  fileDue(session: Session): void {
    this.deadlines.file(session);
  }

  confirm(session: Session, event: UserEvent): Session {
    this.learnVirtualProxy(session, event.virtualProxy);
    const open = openOf(session);
    if (!session.startExact || session.synthesisedAt !== null) this.pending.changed(session);
    if (!session.startExact) {
      session.startExact = true;
      this.startedBy(session, event);
    }
    if (session.synthesisedAt !== null) open.settle(session);
    this.#learnUserAgent(session, event);
    this.active(session, event);
    this.fileDue(session);
    return session;
  }

  /** A session has started by the time of any of its lines. */
  startedBy(session: Session, event: UserEvent): void {
    if (event.at >= session.startedAt) return;
    this.pending.changed(session);
    session.startTimed = event.timed;
    openOf(session).setStart(session, event.at);
  }

  #learnUserAgent(session: Session, event: UserEvent): void {
    if (session.userAgent !== null || event.userAgent === null) return;
    session.userAgent = this.#pool.get(event.userAgent);
    this.pending.changed(session);
  }

  /** A line of the session: it was on when that happened, and its time-out runs from then. */
  active(session: Session, event: UserEvent): void {
    if (event.at > session.lastActivityAt) session.lastActivityAt = event.at;
    session.lastSeenAt = Math.max(session.lastSeenAt, signOfLifeAt(event));
    this.pending.touched(session);
  }

  adopt(session: Session, sessionKey: string): void {
    openOf(session).setSessionKey(session, copied(sessionKey));
    this.pending.changed(session);
  }

  learnVirtualProxy(session: Session, virtualProxy: string | null): void {
    if (virtualProxy === null || session.virtualProxy !== null) return;
    openOf(session).setVirtualProxy(session, this.#pool.get(virtualProxy) ?? virtualProxy);
    this.fileDue(session);
    this.#observer.virtualProxyLearnt(session);
    this.pending.changed(session);
  }

  open(session: Session, event: UserEvent): Connection {
    const connection = new Connection(
      this.#nextConnection++,
      session,
      this.#pool.get(event.appId),
      event.at,
      session.lastConnectionId,
    );
    session.lastConnectionId = connection.id;
    session.connectionCount += 1;
    openOf(session).attach(connection);
    this.startedBy(session, event);
    relieve(session.key);
    this.#learnUserAgent(session, event);
    this.active(session, event);
    this.fileDue(session);
    this.pending.connectionChanged(connection);
    this.#observer.connectionOpened(connection);
    return connection;
  }

  close(connection: Connection, event: UserEvent): void {
    const session = connection.session;
    openOf(session).detach(connection);
    this.#closed(connection, event.at, true);
    this.active(session, event);
    this.fileDue(session);
  }

  #closed(connection: Connection, at: number, exact: boolean): void {
    connection.closedAt = Math.max(connection.openedAt, at);
    connection.closeExact = exact;
    this.pending.connectionChanged(connection);
    this.#observer.connectionClosed(connection);
  }

  /** A Close that came after the Stop of its session: the time is known now, no count changes. */
  complete(connection: Connection, at: number): void {
    forgetClosedByStop(connection);
    connection.closedAt = Math.max(connection.openedAt, at);
    connection.closeExact = true;
    this.pending.connectionChanged(connection);
  }

  /** Ends an open session. `seenAt` is our clock. */
  end(session: Session, at: number, reason: EndReason, seenAt: number): void {
    const key = session.key;
    const open = openOf(session);
    if (session.synthesisedAt !== null) open.settle(session);
    session.endedAt = at;
    session.endExact = reason === 'stop';
    session.endReason = reason;
    session.endedSeenAt = seenAt;
    session.listedAt = null;
    this.deadlines.forget(session);
    // In order of opening: a key remembers the last ones.
    for (const connection of session.openConnections.toSorted((a, b) => a.id - b.id)) {
      open.detach(connection);
      this.#closed(connection, at, false);
      if (reason === 'stop') rememberClosedByStop(connection);
    }
    open.remove(session);
    if (open.size === 0) {
      key.open = null;
      this.identities.emptied(key, seenAt);
    }
    if (reason === 'restart') this.#losses.countEnded(session, 1);
    // Those of applications are remembered by rules of their own.
    if (!session.isApplication) {
      if (reason === 'stop') this.stopped.add(session);
      else if (isInferred(reason)) rememberTimeOut(session);
    }
    this.pending.changed(session);
    if (reason === 'snapshot' || reason === 'restart') this.pending.corrected('session_stop', session);
    this.#observer.sessionEnded(session);
  }

  /** A session that was thought to have timed out had in truth ended by the Stop `event`. */
  correct(session: Session, event: UserEvent): Session {
    const before = session.endedAt ?? event.at;
    this.#takeBack(session);
    session.endedAt = Math.max(session.startedAt, event.at);
    session.endExact = true;
    session.endReason = 'stop';
    session.endedSeenAt = event.receivedAt;
    this.pending.changed(session);
    this.active(session, event);
    this.stopped.add(session);
    this.#observer.endCorrected(session, before);
    return session;
  }

  /** The event says that it is on after all. */
  reopen(session: Session, event: SignTime): void {
    const before = session.endedAt ?? session.lastActivityAt;
    this.#takeBack(session);
    session.lastSeenAt = Math.max(session.lastSeenAt, signOfLifeAt(event));
    session.epoch = session.key.host.doubt.epoch;
    session.endedAt = null;
    session.endExact = false;
    session.endReason = null;
    session.endedSeenAt = null;
    const key = session.sessionKey;
    if (key !== null && session.key.open?.withSessionKey(key)) session.sessionKey = null;
    guessWhichIsWhich(session, this.pending);
    this.#enter(session);
    this.#observer.sessionReopened(session, before);
  }

  /** The user of an open session is known at last. */
  giveUser(session: Session, key: Key): void {
    this.#observer.userLearnt(session, () => moveTo(session, key));
    this.pending.userLearnt(session);
  }

  /** An end for want of a sign of life was none. */
  #takeBack(session: Session): void {
    forgetTimeOut(session);
    if (session.endReason === 'restart') this.#losses.countEnded(session, -1);
  }
}
