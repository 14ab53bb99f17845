import type { Kind, User, UserEvent } from '../../contract/event.ts';
import type { SignOfLife } from '../../contract/receiver.ts';
import { type Doubt, isDoubtful } from '../doubt/doubt.ts';
import { forgetOrphanStop, rememberOrphanStop } from '../key-memory.ts';
import type { Host, Key, Session } from '../session.ts';
import type { SessionBook } from '../session-book.ts';
import type { Tracked } from '../session-tracker.ts';
import { APPLICATION_TIMES, type ApplicationTimes } from '../time-outs.ts';
import { KnownSessions } from './known-sessions.ts';
import { Leaving } from './leaving.ts';
import { END_WAITS_MS, endedUser, endFor } from './waiting-ends.ts';

/** A note of this much after the end of its session still belongs to it: the clock of a client may be a little fast. */
const AFTER_END_MS = 2_000;

/** How often something was told of a session that there is not. */
export interface ApplicationCounters {
  unknownHeartbeats: number;
  unknownEnds: number;
}

/**
 * Sessions of programs that tell of them themselves, by the rules of docs/application-sessions.md. Has no clock, as the
 * tracker of Sense's sessions has none, and the same calls give the same sessions.
 */
export class Applications {
  readonly counters: ApplicationCounters = { unknownHeartbeats: 0, unknownEnds: 0 };
  readonly #book: SessionBook;
  readonly #doubt: Doubt;
  readonly #known = new Map<Host, KnownSessions>();
  readonly leaving = new Leaving();
  /** Signs of life that are yet to be part of the state, with their time. */
  #signs = new Map<Session, number>();

  constructor(book: SessionBook, doubt: Doubt) {
    this.#book = book;
    this.#doubt = doubt;
  }

  /** Takes one event in the pipeline's order. Null where it says nothing that is to be kept. */
  apply(event: UserEvent, host: Host, seq: number): Tracked | null {
    host.isApplication = true;
    if (event.at > host.lastEventAt) host.lastEventAt = event.at;
    const session = this.#find(host, event.sessionKey, event.user, event.kind);
    if (session !== null && this.#stays(session, event)) return applied(session);
    switch (event.kind) {
      case 'session_start':
        return this.#start(session, event, host);
      case 'session_stop':
        return this.#stop(session, event, host, seq);
      default:
        return this.#note(session, event, host);
    }
  }

  /**
   * Who ends a session or beats for it says but one name, which is that of the session or of its user. A note with a key that
   * nothing else has is of its user's open session: some programs give keys to notes alone.
   */
  #find(host: Host, sessionKey: string | null, user: User | null, kind: Kind): Session | null {
    const known = this.#known.get(host);
    if (known === undefined) return null;
    const session = sessionKey === null ? null : known.get(sessionKey);
    if (session !== null || (sessionKey !== null && kind === 'session_start') || user === null)
      return session;
    const knownUser = this.#book.identities.find(user);
    const ofUser = knownUser === undefined ? null : known.get(knownUser);
    const isOver = ofUser !== null && ofUser.endedAt !== null;
    return sessionKey !== null && kind === 'note' && isOver ? null : ofUser;
  }

  #start(session: Session | null, event: UserEvent, host: Host): Tracked | null {
    if (session === null) return this.#begin(event, host);
    const isEarlier = !session.startExact && event.at <= session.startedAt;
    if (session.endedAt === null) {
      this.#learnUser(session, event, host);
      if (isEarlier || (session.sessionKey !== null && !session.startExact)) {
        return applied(this.#book.confirm(session, event));
      }
      this.#sign(session, event);
      return null;
    }
    if (event.at <= session.endedAt || (session.sessionKey !== null && session.startExact)) {
      if (!isEarlier) return null;
      const { endedAt, endReason, endedSeenAt } = session;
      this.#book.lookBack(session);
      this.#book.confirm(session, event);
      this.#book.end(session, endedAt, endReason ?? 'stop', endedSeenAt ?? event.receivedAt);
      return applied(session);
    }
    return this.#mayGoOn(session, event) ? applied(this.#goOn(session, event)) : this.#begin(event, host);
  }

  #stop(session: Session | null, event: UserEvent, host: Host, seq: number): Tracked | null {
    if (session === null) {
      this.counters.unknownEnds += 1;
      const key = this.#keyOf(host, endedUser(event));
      rememberOrphanStop(key, event, seq);
      if (key.open === null) this.#book.identities.emptied(key, event.receivedAt);
      return { session: null, outcome: 'orphan_stop' };
    }
    if (session.endedAt !== null || this.leaving.get(session) !== null) return null;
    this.#book.active(session, event);
    if (this.#graceMsOf(session) > 0) this.#leave(session, event);
    else this.#book.end(session, Math.max(session.startedAt, event.at), 'stop', event.receivedAt);
    return applied(session);
  }

  /** One with a key does not come again: a page that is loaded again makes another. */
  #graceMsOf({ sessionKey, key }: Session): number {
    const { graceMs = 0, resumeMs } = this.#timesOf(key.host);
    return sessionKey === null ? Math.min(graceMs, resumeMs) : 0;
  }

  #leave(session: Session, { at, receivedAt }: UserEvent): void {
    // It ends by what was said, and not for want of a sign of life meanwhile.
    session.lastSeenAt = Math.max(session.lastSeenAt, receivedAt);
    const first = this.leaving.add(session, { at, receivedAt });
    if (first !== null) this.#left(first, receivedAt);
  }

  #left(session: Session, now: number): void {
    const at = this.leaving.get(session)?.at ?? session.lastActivityAt;
    this.#book.end(session, Math.max(session.startedAt, at), 'stop', now);
  }

  /** Takes back the end of a session that is leaving, where the event is of after it. */
  #stays(session: Session, event: UserEvent): boolean {
    const end = this.leaving.get(session);
    if (end === null || event.kind === 'session_stop') return false;
    if (event.at <= end.at + (event.kind === 'session_start' ? 0 : AFTER_END_MS)) return false;
    this.leaving.delete(session);
    this.#book.active(session, event);
    this.#clearDoubt(session);
    return true;
  }

  #note(session: Session | null, event: UserEvent, host: Host): Tracked {
    // Such as what a user wrote about an error: nobody says whose it is.
    if (event.user === null && event.sessionKey === null) return { session: null, outcome: 'applied' };
    if (session === null) return this.#begin(event, host);
    if (session.endedAt === null) {
      this.#learnUser(session, event, host);
      if (!session.startExact) this.#book.startedBy(session, event);
      this.#book.active(session, event);
      this.#clearDoubt(session);
      return applied(session);
    }
    const grace = session.endReason === 'stop' ? AFTER_END_MS : 0;
    if (event.at <= session.endedAt + grace) return applied(session);
    return this.#mayGoOn(session, event) ? applied(this.#goOn(session, event)) : this.#begin(event, host);
  }

  /** A new session, exact where a start says so; over at once where its end came first. */
  #begin(event: UserEvent, host: Host): Tracked {
    const { sessionKey, user } = event;
    const key = this.#keyOf(host, user);
    const isStart = event.kind === 'session_start';
    const session = this.#book.createPast(key, event, isStart, sessionKey);
    const waiting = this.#endsOf(host, sessionKey, user);
    const found = endFor(waiting, event, isStart ? 0 : AFTER_END_MS);
    if (found === null) return applied(session);
    const { end, of } = found;
    forgetOrphanStop(of, end);
    session.lastSeq = end.seq;
    this.#book.pending.paired(end.seq, session);
    session.lastActivityAt = Math.max(session.lastActivityAt, end.at);
    this.#book.end(session, Math.max(session.startedAt, end.at), 'stop', event.receivedAt);
    return applied(session);
  }

  /** Where an end of the session may wait: a name that could be that of its user is kept as that. */
  #endsOf(host: Host, sessionKey: string | null, user: User | null): Key[] {
    const { identities } = this.#book;
    const users = sessionKey === null ? [user] : [null, { directory: null, id: sessionKey }];
    const keys = users.map((each) => (each === null ? host.keys.get(null) : identities.keyOf(host, each)));
    return keys.filter((key) => key != null);
  }

  #mayGoOn({ key, endedAt, endedSeenAt }: Session, event: UserEvent): boolean {
    const { resumeMs } = this.#timesOf(key.host);
    return event.at - (endedAt ?? 0) <= resumeMs && event.receivedAt - (endedSeenAt ?? 0) <= resumeMs;
  }

  #goOn(session: Session, event: UserEvent): Session {
    this.#book.reopen(session, event);
    this.#book.active(session, event);
    return session;
  }

  #learnUser(session: Session, { user }: UserEvent, host: Host): void {
    if (session.key.user !== null || user === null) return;
    const before = session.key;
    this.#book.giveUser(session, this.#keyOf(host, user));
    if (before.open === null) this.#book.identities.emptied(before, session.lastSeenAt);
  }

  #keyOf(host: Host, user: User | null): Key {
    const { identities } = this.#book;
    return identities.key(host, user === null ? null : identities.user(user));
  }

  #clearDoubt(session: Session): void {
    if (isDoubtful(session)) this.#doubt.clear(session);
  }

  /** Notes that a session is on; false where there is none that can be meant. It is part of the state from the next tick on. */
  alive({ host: name, sessionKey, user, at }: SignOfLife['alive']): boolean {
    const host = this.#book.identities.hosts.get(name);
    const session = host === undefined ? null : this.#find(host, sessionKey, user, 'session_stop');
    // Who said that it is over beats on in some clients; who was only silent is there again.
    const isOver = session === null || (session.endedAt !== null && session.endReason !== 'timeout');
    if (isOver || this.leaving.get(session) !== null) {
      this.counters.unknownHeartbeats += 1;
      return false;
    }
    this.#sign(session, { at, receivedAt: at, timed: false });
    return true;
  }

  #sign(session: Session, { at, receivedAt, timed }: Pick<UserEvent, 'at' | 'receivedAt' | 'timed'>): void {
    const moment = timed ? Math.min(at, receivedAt) : receivedAt;
    this.#signs.set(session, Math.max(moment, this.#signs.get(session) ?? 0));
  }

  /** To be called each second, before a commit of the state: takes the signs of life, and forgets what is long over. */
  tick(now: number): void {
    const signs = this.#signs;
    if (signs.size > 0) this.#signs = new Map();
    for (const [session, at] of signs) this.#live(session, at);
    for (const session of this.leaving.due(now, (each) => this.#graceMsOf(each))) this.#left(session, now);
    this.forget(now);
  }

  /** Forgets what cannot be told of any more, and hosts that are not known any more. */
  forget(now: number): void {
    for (const [host, known] of this.#known) {
      known.forget(now - Math.max(this.#timesOf(host).resumeMs, END_WAITS_MS));
      if (this.#book.identities.hosts.get(host.name) !== host) this.#known.delete(host);
    }
  }

  #live(session: Session, at: number): void {
    const sign = { at, receivedAt: at, timed: false, rowNumber: null };
    if (session.endedAt !== null) {
      const { resumeMs } = this.#timesOf(session.key.host);
      const isLate = at <= session.endedAt || at - (session.endedSeenAt ?? 0) > resumeMs;
      // Another one may have begun under its name.
      const isMeant = this.#knownOf(session.key.host).isKnown(session);
      if (session.endReason !== 'timeout' || isLate || !isMeant) return;
      this.#book.reopen(session, sign);
    }
    if (at > session.lastActivityAt) session.lastActivityAt = at;
    session.lastSeenAt = Math.max(session.lastSeenAt, at);
    this.#book.pending.touched(session);
    this.#clearDoubt(session);
  }

  #timesOf({ name }: Host): ApplicationTimes {
    return this.#book.settings.applicationTimesOf?.(name) ?? APPLICATION_TIMES;
  }

  /** Some session has opened, or is put back as the journal kept it. */
  opened(session: Session): void {
    if (!session.isApplication) return;
    this.#knownOf(session.key.host).goesOn(session);
    this.leaving.restored(session);
  }

  ended(session: Session): void {
    if (!session.isApplication) return;
    this.leaving.delete(session);
    this.#knownOf(session.key.host).ended(session);
  }

  /** One that has ended lately, as the journal kept it; in the order of their ends. */
  restoreEnded(session: Session): void {
    const known = this.#knownOf(session.key.host);
    const name = session.sessionKey ?? session.key.user;
    const later = name === null ? null : known.get(name);
    if (later === null || later.endedAt !== null) known.add(session);
    known.ended(session);
  }

  #knownOf(host: Host): KnownSessions {
    let known = this.#known.get(host);
    if (known === undefined) {
      known = new KnownSessions();
      this.#known.set(host, known);
    }
    return known;
  }
}

function applied(session: Session): Tracked {
  return { session, outcome: 'applied' };
}
