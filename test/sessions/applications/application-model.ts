import type { UserEvent } from '../../../src/contract/event.ts';

/** The rules of docs/application-sessions.md in their obvious form: every session there ever was is looked at each time. */

export interface ModelSession {
  readonly sessionKey: string | null;
  user: string | null;
  startedAt: number;
  startExact: boolean;
  endedAt: number | null;
  endReason: 'stop' | 'timeout' | null;
  endedSeenAt: number;
  /** An end that was said and does not count yet, and our clock when it came. */
  leaving: { readonly at: number; readonly receivedAt: number } | null;
  /** Our clock at its last sign of life, and the time of that. */
  seenAt: number;
  activeAt: number;
  notes: number;
  /** Order of beginning, and of being taken up. */
  order: number;
}

interface End {
  readonly sessionKey: string | null;
  readonly user: string | null;
  readonly at: number;
  readonly receivedAt: number;
}

const WAITS_MS = 60_000;
const AFTER_END_MS = 2_000;

export class ApplicationModel {
  readonly sessions: ModelSession[] = [];
  readonly #timeoutMs: number;
  readonly #resumeMs: number;
  readonly #graceMs: number;
  #ends: End[] = [];
  #beats: { readonly session: ModelSession; readonly at: number }[] = [];
  #order = 0;
  #now = 0;

  constructor(timeoutMs: number, resumeMs: number, graceMs: number) {
    this.#graceMs = graceMs;
    this.#timeoutMs = timeoutMs;
    this.#resumeMs = resumeMs;
  }

  apply(event: UserEvent): void {
    const { kind, sessionKey } = event;
    const user = event.user?.id ?? null;
    const signAt = event.timed ? Math.min(event.at, event.receivedAt) : event.receivedAt;
    const session = this.#find(sessionKey, user, kind);
    const isStart = kind === 'session_start';
    if (kind === 'session_stop') this.#end(session, event, sessionKey, user);
    else if (session === null) this.#begin(event, user, signAt);
    else if (session.leaving !== null && event.at > session.leaving.at + (isStart ? 0 : AFTER_END_MS)) {
      session.leaving = null;
      session.activeAt = Math.max(session.activeAt, event.at);
      session.seenAt = Math.max(session.seenAt, signAt);
      if (!isStart) session.notes += 1;
    } else if (session.endedAt === null) this.#inOpen(session, event, user, signAt, isStart);
    else this.#inEnded(session, session.endedAt, event, user, signAt, isStart);
  }

  #inOpen(
    session: ModelSession,
    event: UserEvent,
    user: string | null,
    signAt: number,
    isStart: boolean,
  ): void {
    session.user ??= user;
    const { sessionKey } = event;
    const isItsStart =
      !session.startExact &&
      ((sessionKey === session.sessionKey && sessionKey !== null) || event.at <= session.startedAt);
    if (isStart && !isItsStart) {
      this.#beats.push({ session, at: signAt });
      return;
    }
    if (!session.startExact) session.startedAt = Math.min(session.startedAt, event.at);
    if (isStart) session.startExact = true;
    else session.notes += 1;
    session.activeAt = Math.max(session.activeAt, event.at);
    session.seenAt = Math.max(session.seenAt, signAt);
  }

  #inEnded(
    session: ModelSession,
    endedAt: number,
    event: UserEvent,
    user: string | null,
    signAt: number,
    isStart: boolean,
  ): void {
    if (isStart && event.sessionKey !== null && session.startExact) return;
    const grace = !isStart && session.endReason === 'stop' ? AFTER_END_MS : 0;
    if (event.at <= endedAt + grace) {
      if (!isStart) session.notes += 1;
      else if (!session.startExact && event.at <= session.startedAt) {
        session.startExact = true;
        session.startedAt = event.at;
      }
      return;
    }
    const mayGoOn =
      event.at - endedAt <= this.#resumeMs && event.receivedAt - session.endedSeenAt <= this.#resumeMs;
    if (!mayGoOn) {
      this.#begin(event, user, signAt);
      return;
    }
    this.#reopen(session, signAt);
    session.activeAt = Math.max(session.activeAt, event.at);
    if (!isStart) session.notes += 1;
  }

  /** The session that a name means, open or over for not too long; the one that was begun or taken up last. */
  #find(sessionKey: string | null, user: string | null, kind: UserEvent['kind']): ModelSession | null {
    const last = (fits: (each: ModelSession) => boolean) =>
      this.sessions
        .filter((each) => fits(each) && (each.endedAt === null || !this.#isForgotten(each)))
        .toSorted((a, b) => a.order - b.order)
        .at(-1) ?? null;
    const byKey = sessionKey === null ? null : last((each) => each.sessionKey === sessionKey);
    if (byKey !== null || user === null) return byKey;
    if (sessionKey !== null && kind === 'session_start') return null;
    const byUser = last((each) => each.sessionKey === null && each.user === user);
    return sessionKey !== null && kind === 'note' && byUser?.endedAt !== null ? null : byUser;
  }

  #isForgotten({ endedSeenAt }: ModelSession): boolean {
    return endedSeenAt < this.#now - Math.max(this.#resumeMs, WAITS_MS);
  }

  #end(session: ModelSession | null, event: UserEvent, sessionKey: string | null, user: string | null): void {
    if (session === null) {
      const isOfUser = sessionKey === null || sessionKey === user;
      this.#ends.push({
        sessionKey,
        user: isOfUser ? user : null,
        at: event.at,
        receivedAt: event.receivedAt,
      });
      return;
    }
    if (session.endedAt !== null || session.leaving !== null) return;
    session.activeAt = Math.max(session.activeAt, event.at);
    if (session.sessionKey === null && this.#graceMs > 0) {
      session.leaving = event;
      session.seenAt = Math.max(session.seenAt, event.receivedAt);
      return;
    }
    session.endedAt = Math.max(session.startedAt, event.at);
    session.endReason = 'stop';
    session.endedSeenAt = event.receivedAt;
  }

  #begin(event: UserEvent, user: string | null, signAt: number): void {
    const isStart = event.kind === 'session_start';
    const session: ModelSession = {
      sessionKey: event.sessionKey,
      user,
      startedAt: event.at,
      startExact: isStart,
      endedAt: null,
      endReason: null,
      endedSeenAt: 0,
      leaving: null,
      seenAt: signAt,
      activeAt: event.at,
      notes: isStart ? 0 : 1,
      order: this.#order++,
    };
    this.sessions.push(session);
    const end = this.#ends.findLast(
      (each) =>
        (event.sessionKey === null ? each.user === user : each.sessionKey === event.sessionKey) &&
        event.at <= each.at + (isStart ? 0 : AFTER_END_MS) &&
        event.receivedAt - each.receivedAt <= WAITS_MS,
    );
    if (end === undefined) return;
    this.#ends = this.#ends.filter((each) => each !== end);
    session.endedAt = Math.max(session.startedAt, end.at);
    session.endReason = 'stop';
    session.endedSeenAt = event.receivedAt;
  }

  #reopen(session: ModelSession, signAt: number): void {
    session.endedAt = null;
    session.endReason = null;
    session.seenAt = Math.max(session.seenAt, signAt);
    session.order = this.#order++;
  }

  beat(sessionKey: string | null, user: string | null, at: number): void {
    const session = this.#find(sessionKey, user, 'session_stop');
    if (session !== null && session.endReason !== 'stop' && session.leaving === null)
      this.#beats.push({ session, at });
  }

  tick(now: number): void {
    this.#now = now;
    for (const session of new Set(this.#beats.map((beat) => beat.session))) {
      const at = Math.max(...this.#beats.filter((beat) => beat.session === session).map((beat) => beat.at));
      if (session.endedAt !== null) {
        const isLate = at <= session.endedAt || at - session.endedSeenAt > this.#resumeMs;
        const isReplaced = this.sessions.some(
          (each) =>
            each.order > session.order &&
            each.sessionKey === session.sessionKey &&
            (each.sessionKey !== null || each.user === session.user),
        );
        if (session.endReason === 'stop' || isLate || isReplaced) continue;
        this.#reopen(session, at);
      }
      session.activeAt = Math.max(session.activeAt, at);
      session.seenAt = Math.max(session.seenAt, at);
    }
    this.#beats = [];
    for (const session of this.sessions) {
      if (session.leaving === null || now - session.leaving.receivedAt < this.#graceMs) continue;
      session.endedAt = Math.max(session.startedAt, session.leaving.at);
      session.endReason = 'stop';
      session.endedSeenAt = now;
      session.leaving = null;
    }
    for (const session of this.sessions) {
      if (session.endedAt !== null || now <= session.seenAt + this.#timeoutMs) continue;
      session.endedAt = session.activeAt;
      session.endReason = 'timeout';
      session.endedSeenAt = now;
    }
  }
}
