import type { User, UserEvent } from '../contract/event.ts';
import { Counts } from './counts.ts';
import { Downtimes } from './downtimes.ts';
import { Identities } from './identities.ts';
import { LostLines } from './lost-lines/lost-lines.ts';
import { correctionEvent } from './pending-changes.ts';
import { Quality } from './quality.ts';
import { Levels, Series } from './series.ts';
import type { Connection, Host, KnownUser, Session, SessionObserver, SessionSettings } from './session.ts';
import { SessionBook } from './session-book.ts';
import { SessionTracker, type TrackingOutcome } from './session-tracker.ts';
import { PolledProxies } from './snapshots/polled-proxies.ts';
import { Snapshots } from './snapshots/snapshots.ts';

/** Bounds of the picture: a flood of made-up users or hosts must not fill the memory. */
export interface SiteBounds {
  /** Sessions and connections together. */
  readonly mostOpen: number;
  readonly mostKeys: number;
  readonly mostHosts: number;
  /** Apps and virtual proxies that get points of their own, each. */
  readonly mostParts: number;
}

/** An event of our own. */
export interface AppliedCorrection {
  readonly event: UserEvent;
  readonly applied: Applied;
}

const BOUNDS: SiteBounds = { mostOpen: 4_000_000, mostKeys: 4_000_000, mostHosts: 10_000, mostParts: 5_000 };

/** What came of one event. */
export interface Applied {
  readonly host: Host;
  readonly user: KnownUser | null;
  /** The session it belongs to, null where it belongs to none. */
  readonly session: Session | null;
  readonly outcome: TrackingOutcome;
  /** The event of that session before this one; 0 for none. */
  readonly previousSeq: number;
}

/**
 * The one true picture of a Sense site: who has which session and connection open, and what happened when.
 * Fed with events in the pipeline's order and with one tick a second.
 */
export class Site implements SessionObserver {
  readonly identities = new Identities();
  readonly downtimes = new Downtimes();
  readonly counts = new Counts();
  readonly series = new Series();
  readonly levels = new Levels(this.series);
  readonly lostLines = new LostLines();
  readonly polledProxies = new PolledProxies();
  readonly snapshots: Snapshots;
  readonly quality: Quality;
  readonly book: SessionBook;
  readonly tracker: SessionTracker;
  readonly #bounds: SiteBounds;
  /** Rises with whatever may change the counts, but for time. */
  changes = 0;
  #tickedAt: number | null = null;
  #lastTick = 0;
  #startedAt = 0;

  constructor(settings: SessionSettings, bounds = BOUNDS) {
    this.#bounds = bounds;
    this.book = new SessionBook(this.identities, settings, this.downtimes, this);
    this.tracker = new SessionTracker(this.book, this.downtimes);
    this.snapshots = new Snapshots(
      this.book,
      this.polledProxies,
      (host, user) => !this.#isOpenFull && !this.#isFullOf(host, user),
    );
    this.quality = new Quality(settings.timeoutMs + settings.graceMs, this.downtimes, this.lostLines);
  }

  /** True where one more session, connection, user or host would be one too many: memory has a bound. */
  isFullFor(event: UserEvent): boolean {
    const opens = event.kind === 'session_start' || event.kind === 'connection_open';
    return (opens && this.#isOpenFull) || this.#isFullOf(event.host, event.user);
  }

  get #isOpenFull(): boolean {
    return this.counts.sessions + this.counts.connections >= this.#bounds.mostOpen;
  }

  #isFullOf(host: string, user: User | null): boolean {
    const { hosts, keyCount } = this.identities;
    if (hosts.size >= this.#bounds.mostHosts && !hosts.has(host)) return true;
    return keyCount >= this.#bounds.mostKeys && !this.identities.knows(host, user);
  }

  /** Takes one event, which the journal keeps under the number `seq`. */
  apply(event: UserEvent, seq: number): Applied {
    this.changes += 1;
    const host = this.identities.host(event.host);
    const user = event.user === null ? null : this.identities.user(event.user);
    if (event.kind === 'session_rejected') {
      this.series.count('rejected', 'all', event.at, 1);
      this.series.count('rejected', host.dimension, event.at, 1);
    }
    const key = this.identities.key(host, user);
    const { session, outcome } = this.tracker.apply(event, key, seq);
    if (key.open === null) this.identities.emptied(key, event.receivedAt);
    if (event.kind === 'session_stop' && outcome !== 'failed') key.stoppedAt = event.receivedAt;
    if (session === null) return { host, user, session, outcome, previousSeq: 0 };
    session.lastSeenAt = Math.max(session.lastSeenAt, event.receivedAt);
    const previousSeq = this.#append(session, seq);
    this.book.pending.touched(session);
    return { host, user, session, outcome, previousSeq };
  }

  /** The next event of a session; returns the one before. */
  #append(session: Session, seq: number): number {
    const previousSeq = session.lastSeq;
    session.lastSeq = seq;
    if (session.firstSeq === 0) session.firstSeq = seq;
    return previousSeq;
  }

  /**
   * Sessions that were made or ended without a line, as events that are numbered from `seq` on. They are applied already:
   * the state must be committed with them, before any other event.
   */
  takeCorrections(seq: number, now: number): AppliedCorrection[] {
    return this.book.pending.takeCorrections().map((correction, place) => {
      const { session } = correction;
      const { host, user } = session.key;
      const previousSeq = this.#append(session, seq + place);
      const applied: Applied = { host, user, session, outcome: 'applied', previousSeq };
      return { event: correctionEvent(correction, now), applied };
    });
  }

  /** The program has been running since then: no level is noted for seconds before. */
  started(now: number): void {
    this.#startedAt = now;
  }

  /** Ends what is due, then notes what is open. The state must be committed before the next event. */
  tick(now: number): void {
    this.tracker.sweep(now);
    this.noteLevels(now);
  }

  /** To be called once a second, if `tick` is not: notes what is open, for the second that just closed, and lost lines. */
  noteLevels(now: number): void {
    this.changes += 1;
    if (now < this.#lastTick) this.series.forgetFuture(now);
    this.#lastTick = now;
    this.lostLines.tick(now);
    const second = Math.floor(now / 1000) - 1;
    // Neither twice, nor for a second that was not lived through.
    if (this.#tickedAt === second || second * 1000 < this.#startedAt) return;
    this.#tickedAt = second;
    this.levels.begin(second);
    this.levels.note('all', this.counts.sessions, this.counts.users, this.counts.connections);
    for (const host of this.identities.hosts.values()) {
      this.levels.note(host.dimension, host.openSessions, host.openUsers, host.openConnections);
    }
    for (const gauge of this.counts.virtualProxies.values()) {
      if (this.levels.size >= 2 * this.#bounds.mostParts) break;
      this.levels.note(gauge.dimension, gauge.sessions, gauge.users.size, gauge.connections);
    }
    for (const gauge of this.counts.apps.values()) {
      if (this.levels.size >= 2 * this.#bounds.mostParts) break;
      this.levels.note(gauge.dimension, gauge.connections, gauge.users.size, gauge.connections);
    }
    this.levels.finish();
  }

  exclude(isExcluded: (user: User) => boolean, now: number): void {
    this.changes += 1;
    this.tracker.exclude(isExcluded, now);
  }

  sessionOpened(session: Session): void {
    this.counts.opened(session);
    this.#count('created', session, session.startedAt, 1);
  }

  sessionEnded(session: Session): void {
    this.counts.ended(session);
    this.#count('destroyed', session, session.endedAt ?? 0, 1);
  }

  sessionReopened(session: Session, endedAt: number): void {
    this.counts.opened(session);
    this.#count('destroyed', session, endedAt, -1);
  }

  endCorrected(session: Session, before: number): void {
    this.#count('destroyed', session, before, -1);
    this.#count('destroyed', session, session.endedAt ?? before, 1);
  }

  connectionOpened(connection: Connection): void {
    const gauge = this.counts.connectionOpened(connection);
    if (gauge !== null && this.counts.apps.size <= this.#bounds.mostParts)
      this.series.count('created', gauge.dimension, connection.openedAt, 1);
  }

  connectionClosed(connection: Connection): void {
    const gauge = this.counts.connectionClosed(connection);
    if (gauge !== null && this.counts.apps.size <= this.#bounds.mostParts)
      this.series.count('destroyed', gauge.dimension, connection.closedAt ?? 0, 1);
  }

  virtualProxyLearnt(session: Session): void {
    this.counts.virtualProxyLearnt(session);
  }

  #count(tally: 'created' | 'destroyed', session: Session, at: number, by: 1 | -1): void {
    const durationMs = tally === 'destroyed' ? by * Math.max(0, at - session.startedAt) : 0;
    this.series.count(tally, 'all', at, by, durationMs);
    this.series.count(tally, session.key.host.dimension, at, by, durationMs);
    if (session.virtualProxy !== null) {
      this.series.count(tally, `virtualProxy:${session.virtualProxy}`, at, by, durationMs);
    }
  }
}
