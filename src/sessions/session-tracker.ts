import type { UserEvent } from '../contract/event.ts';
import type { EndReason } from '../contract/rows.ts';
import { type Doubt, isDoubtful } from './doubt/doubt.ts';
import type { Losses } from './doubt/losses.ts';
import type { Downtimes } from './downtimes.ts';
import { isBelievedAgain, matched, mismatched } from './hosts/session-keys.ts';
import {
  awaitingStart,
  closedByStop,
  hasCrossed,
  qualifies,
  rememberOrphanClose,
  rememberOrphanStop,
  toCorrect,
  toReopen,
  toRestart,
} from './key-memory.ts';
import { LateLines } from './late-lines.ts';
import { notedSession } from './open/noted-session.ts';
import type { Host, Key, Session } from './session.ts';
import type { SessionBook } from './session-book.ts';

/** Sweeps come each second; a longer pause means that we did not run. */
const STALL_MS = 10_000;

/** What a line did besides what its session shows; stored with the event. */
export const OUTCOMES = ['applied', 'failed', 'orphan_stop', 'orphan_close', 'rejected'] as const;
export type TrackingOutcome = (typeof OUTCOMES)[number];

export interface Tracked {
  /** The session the line belongs to, null where it belongs to none. */
  readonly session: Session | null;
  readonly outcome: TrackingOutcome;
}

/** How often lines did not fit. */
export interface TrackingCounters {
  rejected: number;
  orphanStops: number;
  orphanCloses: number;
  keyMismatches: number;
}

/**
 * Pairs lines into sessions by the rules of docs/session-tracking.md. Has no clock: `receivedAt` and `now`
 * come from outside, and the same calls give the same sessions, which is how a restart replays the
 * journal's tail.
 */
export class SessionTracker {
  readonly book: SessionBook;
  readonly #downtimes: Downtimes;
  readonly #losses: Losses;
  readonly #doubt: Doubt;
  readonly #late: LateLines;
  /** The line's session key is that of its target. */
  #isMatch = false;
  /** The number of the line in the journal. */
  #seq = 0;
  readonly counters: TrackingCounters = { rejected: 0, orphanStops: 0, orphanCloses: 0, keyMismatches: 0 };
  /** When the last sweep was; null before the first after a start. */
  sweptAt: number | null = null;
  /** Called when a host's session keys turned out not to be constant. */
  onKeysIgnored: (host: string) => void = () => {};
  /** Called when they have turned out to be constant after all. */
  onKeysBelieved: (host: string) => void = () => {};

  constructor(book: SessionBook, downtimes: Downtimes, losses: Losses, doubt: Doubt) {
    this.book = book;
    this.#downtimes = downtimes;
    this.#losses = losses;
    this.#doubt = doubt;
    this.#late = new LateLines(book, losses);
  }

  /** Takes one event, in the pipeline's order. `seq` is the number the journal gives it. */
  apply(event: UserEvent, key: Key, seq: number): Tracked {
    const host = key.host;
    if (event.kind === 'note') return applied(notedSession(key, event));
    if (event.at > host.lastEventAt) host.lastEventAt = event.at;
    if (event.kind === 'session_rejected') {
      this.counters.rejected += 1;
      return REJECTED;
    }
    host.heardAt = event.receivedAt;
    if (event.rowNumber === null) host.unnumberedAt = event.receivedAt;
    if (event.result !== null && event.result !== 0) return FAILED;
    host.balance.note(event);
    this.#isMatch = false;
    this.#seq = seq;
    const sessionKey = host.keysIgnored ? null : event.sessionKey;
    if (host.keysIgnored && isBelievedAgain(host, event)) this.onKeysBelieved(host.name);
    const target = sessionKey === null ? null : this.#target(key, event, sessionKey);
    switch (event.kind) {
      case 'session_start':
        return applied(this.#sure(this.#start(key, event, sessionKey, target)));
      case 'connection_open':
        return applied(this.#sure(this.#open(key, event, sessionKey, target)));
      case 'connection_close':
        return this.#close(key, event, sessionKey, target);
      case 'session_stop':
        return this.#stop(key, event, sessionKey, target);
    }
  }

  #target(key: Key, event: UserEvent, sessionKey: string): Session | null {
    const open = key.open;
    if (open === null) return null;
    const match = open.withSessionKey(sessionKey);
    if (match !== null) {
      matched(key.host);
      this.#isMatch = true;
      return match;
    }
    const keyless = open.oldestKeyless(event.virtualProxy);
    if (keyless !== null) this.book.adopt(keyless, sessionKey);
    return keyless;
  }

  /** A Start or Open is a sign of life. It is one of this session only where no other one can be meant. */
  #sure(session: Session): Session {
    if (!isDoubtful(session) || session.endedAt !== null) return session;
    if (this.#isMatch || session.key.openSessions === 1) this.#doubt.clear(session);
    return session;
  }

  #start(key: Key, event: UserEvent, sessionKey: string | null, target: Session | null): Session {
    if (target !== null) return this.book.confirm(target, event);
    const stopped = this.#late.confirm(key, event, sessionKey);
    if (stopped !== null) return stopped;
    const waiting = sessionKey === null ? awaitingStart(key, event) : null;
    if (waiting !== null) return this.book.confirm(waiting, event);
    const paired = this.#late.start(key, event, sessionKey);
    if (paired !== null) return paired;
    const timedOut = sessionKey === null ? null : toRestart(key, event, sessionKey);
    if (timedOut !== null) {
      this.book.reopen(timedOut, event);
      return this.book.confirm(timedOut, event);
    }
    return this.book.create(key, event, true, sessionKey);
  }

  #open(key: Key, event: UserEvent, sessionKey: string | null, target: Session | null): Session {
    let session = target;
    if (session === null && sessionKey === null) session = key.open?.newest(event.virtualProxy) ?? null;
    if (session === null || (target === null && !qualifies(session, event))) {
      const past = this.#late.open(key, event, sessionKey);
      if (past !== null) return past;
    }
    if (session === null) {
      session = toReopen(key, event, sessionKey);
      if (session !== null) this.book.reopen(session, event);
    }
    session ??= this.book.create(key, event, false, sessionKey);
    this.#late.attach(session, event, sessionKey);
    return session;
  }

  #close(key: Key, event: UserEvent, sessionKey: string | null, target: Session | null): Tracked {
    const until = event.timed ? event.at : Number.POSITIVE_INFINITY;
    // Where session keys are constant, nothing of another session's is closed.
    const open = target === null && sessionKey !== null && key.host.keysMatched ? null : key.open;
    const connection =
      target === null
        ? open?.newestConnection(event.virtualProxy, event.appId, until)
        : open?.newestConnectionOf(target, event.appId, until);
    if (connection) {
      this.book.close(connection, event);
      return applied(connection.session);
    }
    const stopped = closedByStop(key, event, sessionKey);
    if (stopped !== null) {
      this.book.complete(stopped, event.at);
      return applied(stopped.session);
    }
    this.counters.orphanCloses += 1;
    if (open?.newestConnection(event.virtualProxy, event.appId, Number.POSITIVE_INFINITY))
      this.#late.contradict(event, key, this.#seq);
    rememberOrphanClose(key, event, this.#seq);
    const only = target ?? open?.only(event.virtualProxy) ?? null;
    // It is due no earlier by that, so it stays where it is filed.
    if (only !== null) this.book.active(only, event);
    return { session: only, outcome: 'orphan_close' };
  }

  #stop(key: Key, event: UserEvent, sessionKey: string | null, target: Session | null): Tracked {
    if (target !== null) return applied(this.#end(target, event));
    if (sessionKey !== null) {
      const timedOut = toCorrect(key, event, sessionKey);
      if (timedOut !== null) {
        matched(key.host);
        return applied(this.book.correct(timedOut, event));
      }
      if (key.open?.oldest(event.virtualProxy)) this.#mismatch(key.host, event.receivedAt);
      if (key.host.keysMatched) return this.#orphanStop(key, event);
    }
    const session = this.#toStop(key, event, sessionKey);
    if (session !== null) {
      if (key.openSessions > 1) this.#guess(session, event);
      return applied(this.#end(session, event));
    }
    const timedOut = toCorrect(key, event, null);
    if (timedOut !== null) return applied(this.book.correct(timedOut, event));
    if (key.open?.oldest(event.virtualProxy)) this.#late.contradict(event, key, this.#seq);
    return this.#orphanStop(key, event);
  }

  #orphanStop(key: Key, event: UserEvent): Tracked {
    this.counters.orphanStops += 1;
    rememberOrphanStop(key, event, this.#seq);
    return ORPHAN_STOP;
  }

  /** The Stop may be that of another session: then this one is on, and whatever doubt there was stays. */
  #guess(session: Session, event: UserEvent): void {
    session.identityExact = false;
    const newest = session.key.open?.newest(event.virtualProxy) ?? null;
    if (newest === null || newest === session || newest.epoch <= session.epoch) return;
    this.#doubt.swap(session, newest);
    this.book.pending.touched(newest);
  }

  /** Which session a Stop without a usable session key ends. */
  #toStop(key: Key, event: UserEvent, sessionKey: string | null): Session | null {
    const idle = key.open?.oldestIdle(event.virtualProxy) ?? null;
    if (idle !== null && qualifies(idle, event)) return idle;
    const oldest = key.open?.oldest(event.virtualProxy) ?? null;
    if (oldest === null || qualifies(oldest, event)) return oldest;
    const isCrossed = sessionKey === null && hasCrossed(key, event.at, oldest.startedAt, event);
    return isCrossed ? oldest : null;
  }

  #end(session: Session, event: UserEvent): Session {
    this.book.active(session, event);
    this.book.end(session, Math.max(session.startedAt, event.at), 'stop', event.receivedAt);
    return session;
  }

  /** Where its Stop was lost, the line that came after that shows it. */
  #noteTimeOut(session: Session, now: number): void {
    const { host } = session.key;
    if (host.heardAt > this.book.deadlines.of(session) - this.book.settings.graceMs)
      host.balance.timeOut(now);
  }

  #mismatch(host: Host, now: number): void {
    this.counters.keyMismatches += 1;
    this.#losses.renew(host, now);
    if (mismatched(host, now)) this.onKeysIgnored(host.name);
  }

  /** Ends what has been silent or open for too long. To be called each second. */
  sweep(now: number): void {
    if (this.sweptAt !== null && now - this.sweptAt > STALL_MS) this.#notRunning(this.sweptAt, now);
    if (this.#downtimes.clip(now)) {
      this.#losses.clip(now);
      // Sessions are due earlier than it seemed. Costs O(open sessions), and only when a clock was set back.
      for (const session of this.book.identities.openSessions()) this.book.fileDue(session);
    }
    this.sweptAt = now;
    const ended: Map<Session, EndReason> = this.book.deadlines.take(now);
    // That they were due besides says nothing.
    for (const session of this.#losses.takeRestarted(now))
      if (!ended.has(session)) ended.set(session, 'restart');
    // In a fixed order, so that it does not depend on when sessions were looked at.
    for (const [session, reason] of [...ended].sort(([a], [b]) => a.id - b.id)) {
      session.lastActivityAt = session.lastSignAt;
      if (reason === 'timeout') this.#noteTimeOut(session, now);
      this.book.end(session, session.lastActivityAt, reason, session.key.host.edgeSite?.now ?? now);
    }
    this.#losses.forget(now);
    this.book.identities.forget(now);
    this.book.stopped.forget(now);
  }

  #notRunning(from: number, to: number): void {
    this.#downtimes.add(from, to);
    this.#losses.touchAll('downtime', to, null);
  }

  /** A time in which the process did not run. */
  restarted(stoppedAt: number, startedAt: number): void {
    this.#notRunning(stoppedAt, startedAt);
    this.sweptAt = null;
  }
}

const REJECTED: Tracked = { session: null, outcome: 'rejected' };
const FAILED: Tracked = { session: null, outcome: 'failed' };
const ORPHAN_STOP: Tracked = { session: null, outcome: 'orphan_stop' };

function applied(session: Session | null): Tracked {
  return { session, outcome: 'applied' };
}
