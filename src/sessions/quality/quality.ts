import type { QualityReason } from '../../contract/quality.ts';
import type { Counts } from '../counts.ts';
import { isOfThisMachine, type LossWindow, sum } from '../doubt/loss-window.ts';
import type { Losses } from '../doubt/losses.ts';
import { doubtsOfHost, doubtsOfSite } from '../edges/edge-doubts.ts';
import type { EdgeSite } from '../edges/edge-site.ts';
import type { Identities } from '../identities.ts';
import type { LostLines } from '../lost-lines/lost-lines.ts';
import type { Host } from '../session.ts';
import type { SessionSettings } from '../time-outs.ts';
import type { LikelyRange } from './balance.ts';
import { endsOf, together, widened } from './bounds.ts';
import { type Judged, QualityLook } from './quality-look.ts';
import { type Doubts, isCountable, type QualityStatement, statement } from './statement.ts';

/** Of the width. What is only a little narrower now would soon be wider than what chance may add. */
const MUCH_BETTER = 0.5;
/** After so many time-outs it has shown itself whether Sense says when a session times out. */
const WATCHED_TIMEOUTS = 3;

/** Says how right the counts are at a moment, over all and of each host. */
export class Quality {
  readonly #site: { readonly identities: Identities; readonly counts: Counts };
  readonly #settings: SessionSettings;
  readonly #losses: Losses;
  readonly #lostLines: LostLines;
  /** When the store began. */
  since = 0;
  /** When complete snapshots of every host of the site last agreed; null where there are none. */
  reconciledAt: number | null = null;
  /** Lines dropped since the last tick; null where nobody can know how many. */
  #dropped: number | null = 0;

  constructor(
    site: { readonly identities: Identities; readonly counts: Counts },
    settings: SessionSettings,
    losses: Losses,
    lostLines: LostLines,
  ) {
    this.#site = site;
    this.#settings = settings;
    this.#losses = losses;
    this.#lostLines = lostLines;
  }

  /** So many lines were dropped before anybody could read whose they were; null where nobody can know. */
  dropped(lines: number | null = 1): void {
    this.#dropped = sum(this.#dropped, lines);
  }

  /** To be called each second, so that many drops are one loss. */
  tick(now: number): void {
    if (this.#dropped !== 0) this.#losses.touchAll('drops', now, this.#dropped);
    this.#dropped = 0;
    for (const host of this.#site.identities.hosts.values())
      if (host.edgeSite === null) this.#balance(host, now);
  }

  /** Begins the balance of a host anew where it tells less than what is certain, or nothing. */
  #balance(host: Host, now: number): void {
    const doubts = this.#doubtsOf(host, now);
    const certain = certainOf(host, doubts);
    const likely = this.#balanced(host, doubts, now);
    const isBetter = certain !== null && likely !== null && width(certain) <= MUCH_BETTER * width(likely);
    if (certain === null || likely === null || isBetter) host.balance.begin(certain);
  }

  /** Of the numbers over all, and of each host. */
  look(now: number): QualityLook {
    return new QualityLook(
      (judge) => this.#all(now, judge),
      (host) => this.#judge(host, now),
    );
  }

  /** Of the numbers over all. */
  at(now: number): QualityStatement {
    return this.look(now).all;
  }

  /** Of one host's numbers: what another host lost does not touch them. */
  ofHost(host: Host, now: number): QualityStatement {
    return this.look(now).of(host);
  }

  #judge(host: Host, now: number): Judged {
    const doubts = this.#doubtsOf(host, now);
    return { doubts, likely: this.#likelyOf(host, doubts, now) };
  }

  #all(now: number, judge: (host: Host) => Judged): QualityStatement {
    const { counts, identities } = this.#site;
    const everywhere = this.#everywhere(this.reconciledAt, now);
    const all = { ...everywhere, sessions: 0, users: counts.users - counts.doubt.users };
    let isBounded = isCountable(all);
    const likely: (LikelyRange | null)[] = [];
    for (const host of identities.hosts.values()) {
      if (host.edgeSite !== null) continue;
      const { doubts: own, likely: ownLikely } = judge(host);
      for (const reason of own.reasons) all.reasons.add(reason);
      all.hidden = sum(all.hidden, this.#hiddenOn(host, now));
      all.sessions += own.sessions;
      all.users += this.#unsureWithoutLoss(host, now);
      all.isReconciled ||= own.isReconciled;
      isBounded &&= isCountable(own);
      likely.push(ownLikely);
    }
    if (isBounded && all.hidden !== null) {
      all.sessions = Math.min(all.sessions, all.hidden);
      all.users = Math.min(all.users, all.hidden);
    }
    for (const doubts of this.#ofEdgeSites(now)) {
      for (const reason of doubts.reasons) all.reasons.add(reason);
      all.hidden = sum(all.hidden, doubts.hidden);
      all.sessions += doubts.sessions;
      all.users += doubts.users;
      all.isReconciled ||= doubts.isReconciled;
      likely.push(certainOf(doubts, doubts));
      isBounded &&= isCountable(doubts);
    }
    const known = likely.filter((range) => range !== null);
    const range = isBounded && known.length === likely.length ? together(known) : null;
    return statement(all, counts.sessions, counts.users, range);
  }

  /** Between which numbers the sessions of a host are, as narrow as can be said; null where nobody can know. */
  #likelyOf(host: Host, doubts: Doubts, now: number): LikelyRange | null {
    const certain = certainOf(host, doubts);
    if (certain === null || host.edgeSite !== null) return certain;
    const likely = this.#balanced(host, doubts, now);
    if (likely === null || !this.#endsAreTold(host, now)) return certain;
    return width(certain) <= width(likely) ? certain : likely;
  }

  /** Whether Sense says the end of each session of the host, time-outs too, for all that was seen in a while. */
  #endsAreTold({ balance: { heardSince, untoldAt } }: Host, now: number): boolean {
    const { timeoutMs, maxAgeMs } = this.#settings;
    if (heardSince === null || now - heardSince < WATCHED_TIMEOUTS * timeoutMs) return false;
    return untoldAt === null || now - untoldAt > maxAgeMs;
  }

  /** What its Starts and Stops say of the sessions of a host. */
  #balanced(host: Host, doubts: Doubts, now: number): LikelyRange | null {
    const { range } = host.balance;
    if (range === null || !isCountable(doubts)) return null;
    const { mean, variance } = this.#lostLines.likelyChange(host.name, this.#waitedFor(host, now));
    const waited = { low: range.low + mean, high: range.high + mean, variance: range.variance + variance };
    // What the kernel dropped may be in the gaps of this host already, or be lines of another one.
    return widened(waited, this.#lostLines.likelyChange(host.name, doubts.dropped));
  }

  /** Of the sites of which other Headcounts tell, each with how many sessions it has. */
  #ofEdgeSites(now: number): (Doubts & { readonly openSessions: number })[] {
    const { edgeSites, hosts } = this.#site.identities;
    if (edgeSites.size === 0) return [];
    const bySite = Map.groupBy(hosts.values(), ({ edgeSite }) => edgeSite);
    return Array.from(edgeSites.all, (site) => {
      const own = bySite.get(site) ?? [];
      const elsewhere = own.map((host) => ({ host, windows: this.#lossesOf(host, now) }));
      const openSessions = own.reduce((before, host) => before + host.openSessions, 0);
      return { ...doubtsOfSite(elsewhere, site), openSessions };
    });
  }

  #lossesOf(host: Host, now: number): LossWindow[] {
    return this.#mattering(host.losses, host.reconciledAt, now, host);
  }

  #ofHostElsewhere(host: Host, site: EdgeSite, now: number): Doubts {
    const all = this.#everywhere(host.reconciledAt, now, host);
    const own = doubtsOfHost({ host, windows: this.#lossesOf(host, now) }, site);
    for (const reason of all.reasons) own.reasons.add(reason);
    return { ...own, hidden: sum(own.hidden, all.hidden) };
  }

  #doubtsOf(host: Host, now: number): Doubts {
    if (host.edgeSite !== null) return this.#ofHostElsewhere(host, host.edgeSite, now);
    const all = this.#everywhere(host.reconciledAt, now, host);
    const { reasons } = all;
    const isFresh = isReconciled(host, now);
    const lost = this.#lossesOf(host, now);
    const isWaiting = this.#waitedFor(host, now) > 0;
    // Snapshots that come make good within two intervals what lines of this host lose; the bounds tell of it until then.
    if (!isFresh) for (const { reason } of lost) reasons.add(reason);
    if (!isFresh && isWaiting) reasons.add('gap');
    // Of a clock whose error is known nothing is left to doubt: times are corrected by it, and time-outs run from arrival.
    if (host.clock?.isLate === true) reasons.add('clock');
    const unnumbered = this.#isUnnumbered(host, now);
    if (unnumbered && !isFresh) reasons.add('unnumbered');
    const hidden = sum(all.hidden, this.#hiddenOn(host, now));
    const unsure = this.#unsureWithoutLoss(host, now);
    let sessions = host.openSessions - host.doubt.sessions + unsure;
    let users = host.openUsers - host.doubt.users + unsure;
    if (hidden !== null && isCountable({ reasons })) {
      sessions = Math.min(sessions, hidden);
      users = Math.min(users, hidden);
    }
    const healing = isFresh && (isWaiting || lost.length > 0);
    const resolved = host.losses.some(({ to }) => to <= (host.reconciledAt ?? Number.NEGATIVE_INFINITY));
    return {
      reasons,
      dropped: all.dropped,
      hidden,
      sessions,
      users,
      isReconciled: all.isReconciled || healing || resolved || unnumbered,
    };
  }

  /** What touches every host. */
  #everywhere(reconciledAt: number | null, now: number, host: Host | null = null): Doubts {
    const isTouched = this.#isOfThisMachine(host);
    const windows = this.#mattering(this.#losses.everywhere, reconciledAt, now, host).filter(
      ({ reason }) => isTouched || !isOfThisMachine(reason),
    );
    const reasons = new Set<QualityReason>(windows.map(({ reason }) => reason));
    const dropped = isTouched ? this.#dropped : 0;
    const hidden = windows.reduce((lines: number | null, window) => sum(lines, window.lines), dropped);
    if (dropped !== 0) reasons.add('drops');
    const isReconciled = reconciledAt !== null && windows.length < this.#losses.everywhere.length;
    const drops = windows.filter(({ reason }) => reason === 'drops');
    const lost = drops.reduce((lines, window) => lines + (window.lines ?? 0), dropped ?? 0);
    return { reasons, dropped: lost, hidden, sessions: 0, users: 0, isReconciled };
  }

  /** Whether lines of it, or of any host, come to this machine itself. */
  #isOfThisMachine(host: Host | null): boolean {
    if (host !== null) return host.edgeSite === null;
    const { hosts, edgeSites } = this.#site.identities;
    return edgeSites.size === 0 || hosts.values().some(({ edgeSite }) => edgeSite === null);
  }

  #mattering(
    windows: readonly LossWindow[],
    reconciledAt: number | null,
    now: number,
    host: Host | null,
  ): LossWindow[] {
    const hosts = host === null ? this.#site.identities.hosts.values() : [host];
    const all = windows.length === 0 ? [] : [...hosts];
    return windows.filter((window) => {
      if (reconciledAt !== null && window.to <= reconciledAt) return false;
      return this.#losses.isRecent(window, now) || all.some(({ doubt }) => doubt.isOlderThan(window.epoch));
    });
  }

  /** Sessions that losses of this host alone may hide: those that lost lines opened, or that we ended and that are on. */
  #hiddenOn(host: Host, now: number): number | null {
    if (host.clock?.isLate === true || (this.#isUnnumbered(host, now) && !isReconciled(host, now)))
      return null;
    let hidden: number | null = this.#waitedFor(host, now);
    for (const window of this.#lossesOf(host, now)) {
      hidden = sum(hidden, sum(window.lines, window.ended));
    }
    return hidden;
  }

  /** Counted ones that lines yet to come may have ended. */
  #unsureWithoutLoss(host: Host, now: number): number {
    if (host.clock?.isLate === true || this.#dropped === null) return host.openSessions;
    return this.#waitedFor(host, now) + this.#dropped;
  }

  /** Lines that may still come. What is older than any session needs no waiting. */
  #waitedFor({ name }: Host, now: number): number {
    return this.#lostLines.waitedFor(name, now - this.#settings.maxAgeMs - this.#settings.graceMs);
  }

  /** True where it sends lines about sessions whose loss nobody would see. */
  #isUnnumbered(host: Host, now: number): boolean {
    const isRecent = (at: number) => at > 0 && now - at <= this.#settings.maxAgeMs;
    // One that is polled and sends no line.
    if (host.reconciledAt !== null && !isRecent(host.heardAt)) return true;
    return isRecent(host.unnumberedAt) || (isRecent(host.heardAt) && !this.#lostLines.isProven(host.name));
  }
}

function isReconciled({ reconciledAt, reconcileIntervalMs }: Host, now: number): boolean {
  return reconciledAt !== null && now - reconciledAt < 2 * reconcileIntervalMs;
}

/** Null where nobody can know how many lines are lost. */
function certainOf({ openSessions }: Pick<Host, 'openSessions'>, doubts: Doubts): LikelyRange | null {
  if (doubts.hidden === null || !isCountable(doubts)) return null;
  const low = Math.max(0, openSessions - doubts.sessions);
  return { low, high: openSessions + doubts.hidden, variance: 0 };
}

function width(range: LikelyRange): number {
  const { low, high } = endsOf(range);
  return high - low;
}
