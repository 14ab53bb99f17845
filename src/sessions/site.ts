import type { NumberedLine, UserEvent } from '../contract/event.ts';
import { oneHost } from '../contract/sites/site-hosts.ts';
import type { Snapshot } from '../contract/snapshot.ts';
import { Applications } from './applications/applications.ts';
import { Clocks } from './clocks/clocks.ts';
import { Counts } from './counts.ts';
import { Losses } from './doubt/losses.ts';
import { watchLines } from './doubt/watch-lines.ts';
import { Downtimes } from './downtimes.ts';
import { OtherSites } from './edges/other-sites.ts';
import { type Applied, type AppliedCorrection, asEvents, chained, userOf } from './events/applied.ts';
import { hide, type IsExcluded, type MissedLines, noteMissed } from './hidden.ts';
import { BOUNDS, Room } from './hosts/room.ts';
import { Identities } from './identities.ts';
import { MOST_APART } from './lost-lines/line-counter.ts';
import { LostLines } from './lost-lines/lost-lines.ts';
import { Peak } from './peak.ts';
import { type MomentStatement, PastQuality } from './quality/past-quality.ts';
import { Quality } from './quality/quality.ts';
import { Series } from './series.ts';
import type { Connection, Session } from './session.ts';
import { SessionBook } from './session-book.ts';
import type { SessionObserver } from './session-observer.ts';
import { SessionTracker } from './session-tracker.ts';
import { PolledProxies } from './snapshots/polled-proxies.ts';
import { type Circumstances, Snapshots } from './snapshots/snapshots.ts';
import { countOfProxy, countSession, standingOf } from './tally/count-session.ts';
import { Levels } from './tally/levels.ts';
import { OpenedApps } from './tally/opened-apps.ts';
import type { SessionSettings } from './time-outs.ts';

/** A host is known for longer than anything that it lost matters. */
const FORGET_LATER_MS = 3_600_000;

export type { Applied, AppliedCorrection };

/**
 * The one true picture of a Sense site: who has which session and connection open, and what happened when.
 * Fed with events in the pipeline's order and with one tick a second.
 */
export class Site implements SessionObserver {
  readonly identities: Identities;
  readonly downtimes = new Downtimes();
  readonly counts: Counts;
  readonly series = new Series();
  readonly levels = new Levels(this.series);
  readonly openedApps = new OpenedApps();
  readonly lostLines = new LostLines();
  readonly polledProxies = new PolledProxies();
  readonly snapshots: Snapshots;
  readonly losses: Losses;
  readonly clocks: Clocks;
  readonly peak = new Peak();
  readonly quality: Quality;
  readonly pastQuality = new PastQuality(this.downtimes);
  readonly settings: SessionSettings;
  readonly book: SessionBook;
  readonly tracker: SessionTracker;
  readonly room: Room;
  readonly otherSites: OtherSites;
  readonly applications: Applications;
  /** Rises with whatever may change the counts, but for time. */
  changes = 0;
  #tickedAt: number | null = null;
  #lastTick = 0;
  startedAt = 0;

  constructor(settings: SessionSettings, bounds = BOUNDS) {
    this.settings = settings;
    this.counts = new Counts(settings.classOf, bounds.mostParts, settings.countsSites);
    const { counts, downtimes, lostLines } = this;
    this.identities = new Identities(settings.maxAgeMs + settings.graceMs + FORGET_LATER_MS);
    this.losses = new Losses(this.identities, counts.doubt, settings, downtimes);
    this.clocks = new Clocks(this.identities.hosts);
    this.book = new SessionBook(this.identities, settings, downtimes, this.losses, this);
    this.tracker = new SessionTracker(this.book, downtimes, this.losses, counts.doubt);
    this.applications = new Applications(this.book, counts.doubt);
    this.otherSites = new OtherSites(this.book, this.losses);
    this.room = new Room(bounds, counts, this.book, this.polledProxies);
    this.snapshots = new Snapshots(this.book, counts.doubt, this.polledProxies, (host, user) =>
      this.room.hasFor(host, user),
    );
    this.quality = new Quality(this, settings, this.losses, lostLines);
    watchLines(this.lostLines, this.losses, this.pastQuality, this.identities.hosts, (name, now) =>
      this.room.hostWithoutLine(name, now),
    );
  }

  /** The counter of a host has begun again with this line, which is yet to be applied. */
  counterBeganAgain({ host: name, receivedAt, rowNumber }: NumberedLine): void {
    const host = this.room.hostWithoutLine(name, receivedAt);
    // Numbers begin at one: those before this one are lost. A counter that begins elsewhere does not tell how many.
    const before = (rowNumber ?? 1) - 1;
    if (host === null) return;
    this.losses.touch(host, 'restart', receivedAt, before <= MOST_APART ? before : null);
    this.pastQuality.lost({
      host: name,
      reason: 'restart',
      from: host.heardAt || receivedAt,
      to: receivedAt,
    });
  }

  /** True where one more session, connection or user would be one too many: memory has a bound. */
  isFullFor(event: UserEvent): boolean {
    return this.room.isFullFor(event);
  }

  /** Takes one event of Sense, which the journal keeps under the number `seq`. */
  apply(event: UserEvent, seq: number): Applied {
    this.changes += 1;
    const host = this.room.hostOf(event);
    host.standing.heard(event.receivedAt);
    const user = event.user === null ? null : this.identities.user(event.user);
    if (event.kind === 'session_rejected') {
      this.series.count('rejected', 'all', event.at, 1);
      this.series.count('rejected', host.dimension, event.at, 1, 0, standingOf(host));
    }
    const key = this.identities.key(host, user);
    if (host.edgeSite !== null) this.otherSites.catchUp(key, event.receivedAt);
    const { session, outcome } = this.tracker.apply(event, key, seq);
    if (key.open === null) this.identities.emptied(key, event.receivedAt);
    if (event.kind === 'session_stop' && outcome !== 'failed') key.stoppedAt = event.receivedAt;
    return chained({ host, user, session, outcome }, seq, this.book.pending);
  }

  /** Takes one event of an application; null where it says nothing that the journal should keep. */
  applyOfApplication(event: UserEvent, seq: number): Applied | null {
    this.changes += 1;
    const host = this.room.hostOf(event);
    host.standing.heard(event.receivedAt);
    const tracked = this.applications.apply(event, host, seq);
    // A host without any key would never be forgotten.
    if (host.keys.size === 0) this.identities.emptied(this.identities.key(host, null), event.receivedAt);
    if (tracked === null) return null;
    const user = userOf(event, tracked, this.identities);
    return chained({ host, user, ...tracked }, seq, this.book.pending);
  }

  /**
   * Sessions that were made or ended without a line, as events that are numbered from `seq` on. They are applied already:
   * the state must be committed with them, before any other event.
   */
  takeCorrections(seq: number, now: number): AppliedCorrection[] {
    return asEvents(this.book.pending.takeCorrections(), seq, now);
  }

  /** The program has been running since then: no level is noted for seconds before. */
  started(now: number): void {
    this.startedAt = now;
  }

  /** Ends what is due, then notes what is open. The state must be committed before the next event. */
  tick(now: number): void {
    this.applications.tick(now);
    this.tracker.sweep(now);
    this.noteLevels(now);
  }

  /** To be called once a second, if `tick` is not: notes what is open, for the second that just closed, and lost lines. */
  noteLevels(now: number): void {
    this.changes += 1;
    if (now < this.#lastTick) this.series.forgetFuture(now);
    this.#lastTick = now;
    this.openedApps.begin(Math.floor(now / 1000));
    this.quality.tick(now);
    this.lostLines.tick(now);
    const look = this.quality.look(now);
    this.pastQuality.noteAll(now, look, this.identities.hosts);
    this.peak.note(this.counts, now);
    const second = Math.floor(now / 1000) - 1;
    // Neither twice, nor for a second that was not lived through.
    if (this.#tickedAt === second || second * 1000 < this.startedAt) return;
    this.#tickedAt = second;
    this.levels.begin(second);
    this.counts.noteIn(this.levels, this.identities, look);
    this.levels.finish();
  }

  /** How right it is what the store says of a moment, of one host or of all (also where all hosts of a site are asked for), as far as that is known at another moment. */
  qualityOf(moment: number, now: number, part: string | null = null): MomentStatement {
    const host = oneHost(part);
    const look = this.quality.look(now);
    this.pastQuality.note(now, look.all);
    const asked = host === null ? undefined : this.identities.hosts.get(host);
    if (asked !== undefined) this.pastQuality.noteHost(now, look, asked, this.identities.hosts);
    return this.pastQuality.of(moment, this.quality.since, now, host);
  }

  /** Takes a snapshot in slices; see `Snapshots.take`. */
  *takeSnapshot(snapshot: Snapshot, circumstances: Circumstances): Generator<boolean, void> {
    for (const hasChanged of this.snapshots.take(snapshot, circumstances)) {
      this.changes += 1;
      yield hasChanged;
    }
    this.quality.reconciledAt = this.polledProxies.reconciledAt(this.identities.hosts.values());
  }

  /**
   * From now on the sessions of those whom `isExcluded` names, and of nobody else, are kept without being counted. `missed`:
   * lines of users who were excluded and are not any more, null where nobody knows. The state must be committed before the next event.
   */
  exclude(isExcluded: IsExcluded, now: number, missed: readonly MissedLines[] | null = []): void {
    this.changes += 1;
    hide(this.identities, this.counts, isExcluded);
    const hostOf = (name: string) => this.room.hostWithoutLine(name, now);
    for (const session of noteMissed(missed, this.identities, this.losses, hostOf, now))
      this.book.pending.touched(session);
  }

  /** The windows of the series; what is hidden counts as gone for as long as it is hidden. */
  windows(now: number): ReturnType<Series['windows']> {
    const windows = this.series.windows(now);
    const total = windows.destroyed.total + this.counts.hidden.sessions;
    return { ...windows, destroyed: { ...windows.destroyed, total } };
  }

  sessionOpened(session: Session): void {
    this.counts.opened(session);
    this.applications.opened(session);
    this.#countSession('created', session, session.startedAt, 1);
  }

  sessionEnded(session: Session): void {
    this.counts.ended(session);
    this.applications.ended(session);
    this.#countSession('destroyed', session, session.endedAt ?? 0, 1);
  }

  sessionReopened(session: Session, endedAt: number): void {
    this.counts.opened(session);
    this.applications.opened(session);
    this.#countSession('destroyed', session, endedAt, -1);
  }

  endCorrected(session: Session, before: number): void {
    this.#countSession('destroyed', session, before, -1);
    this.#countSession('destroyed', session, session.endedAt ?? before, 1);
  }

  connectionOpened(connection: Connection): void {
    this.counts.connectionOpened(connection);
    this.openedApps.count(connection);
    this.#countOfApp('created', connection, connection.openedAt);
  }

  connectionClosed(connection: Connection): void {
    this.counts.connectionClosed(connection);
    this.#countOfApp('destroyed', connection, connection.closedAt ?? 0);
  }

  virtualProxyLearnt(session: Session): void {
    this.counts.virtualProxyLearnt(session);
    // Over all and of its host it was counted when it opened.
    countOfProxy(this.series, this.counts, 'created', session, session.startedAt, 1);
  }

  userLearnt(session: Session, move: () => void): void {
    this.counts.ended(session);
    move();
    this.counts.opened(session);
    this.applications.opened(session);
  }

  #countSession(tally: 'created' | 'destroyed', session: Session, at: number, by: 1 | -1): void {
    countSession(this.series, this.counts, tally, session, at, by);
  }

  #countOfApp(tally: 'created' | 'destroyed', { appId }: Connection, at: number): void {
    if (appId === null) return;
    this.series.count(tally, `app:${appId}`, at, 1, 0, this.counts.apps.standingOf(appId));
  }
}
