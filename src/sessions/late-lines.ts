import type { UserEvent } from '../contract/event.ts';
import type { Losses } from './doubt/losses.ts';
import {
  crossedStopFor,
  forgetOrphanClose,
  forgetOrphanStop,
  orphanCloseFor,
  orphanStopFor,
  stoppedBefore,
} from './key-memory.ts';
import type { OrphanStop } from './orphans.ts';
import type { Connection, Key, Session } from './session.ts';
import type { SessionBook } from './session-book.ts';

/** Starts and Opens that come after what ended their session or connection. */
export class LateLines {
  readonly #book: SessionBook;
  readonly #losses: Losses;

  constructor(book: SessionBook, losses: Losses) {
    this.#book = book;
    this.#losses = losses;
  }

  /** The Start of a session that an Open synthesised and a Stop has ended; null where there is none. */
  confirm(key: Key, event: UserEvent, sessionKey: string | null): Session | null {
    const session = stoppedBefore(key, event, sessionKey);
    if (session === null) return null;
    this.#lookBack(session, () => this.#book.confirm(session, event));
    return session;
  }

  /** The session of a Start whose Stop came first; null where none did. */
  start(key: Key, event: UserEvent, sessionKey: string | null): Session | null {
    const crossed = () => (sessionKey === null ? crossedStopFor(key, event) : null);
    const stop = orphanStopFor(key, event, sessionKey) ?? crossed();
    return stop === null ? null : this.#pair(key, event, sessionKey, stop, () => {});
  }

  /** The session, which is over, of an Open that came after its Stop; null where there is none. */
  open(key: Key, event: UserEvent, sessionKey: string | null): Session | null {
    const session = stoppedBefore(key, event, sessionKey);
    if (session !== null) {
      this.#lookBack(session, () => this.attach(session, event, sessionKey));
      return session;
    }
    const stop = orphanStopFor(key, event, sessionKey);
    if (stop === null) return null;
    return this.#pair(key, event, sessionKey, stop, (fresh) => this.attach(fresh, event, sessionKey));
  }

  /** Opens a connection, and closes it where its Close came first. */
  attach(session: Session, event: UserEvent, sessionKey: string | null): void {
    this.#book.learnVirtualProxy(session, event.virtualProxy);
    const connection = this.#book.open(session, event);
    if (session.key.orphanCloses !== null) this.#closeAtOnce(connection, event, sessionKey);
  }

  /** By its time the line is older than what it closes or ends: a clock was set, or what it is of is yet to come. */
  contradict(event: UserEvent, { host }: Key, seq: number): void {
    this.#losses.touch(host, 'clock', event.receivedAt, 1, seq);
  }

  #closeAtOnce(connection: Connection, event: UserEvent, sessionKey: string | null): void {
    const { session } = connection;
    const close = orphanCloseFor(session.key, event, sessionKey);
    if (close === null) return;
    forgetOrphanClose(session.key, close);
    this.#losses.withdrawClock(session.key.host, close.seq);
    this.#book.pending.paired(close.seq, session);
    this.#book.close(connection, { ...event, at: close.at });
  }

  #pair(
    key: Key,
    event: UserEvent,
    sessionKey: string | null,
    stop: OrphanStop,
    fill: (session: Session) => void,
  ): Session {
    forgetOrphanStop(key, stop);
    this.#losses.withdrawClock(key.host, stop.seq);
    const session = this.#book.createPast(key, event, event.kind === 'session_start', sessionKey);
    session.lastSeq = stop.seq;
    fill(session);
    session.lastActivityAt = Math.max(session.lastActivityAt, stop.at);
    this.#book.pending.paired(stop.seq, session);
    this.#book.end(session, Math.max(session.startedAt, stop.at), 'stop', event.receivedAt);
    return session;
  }

  #lookBack(session: Session, fill: () => void): void {
    const endedAt = session.endedAt ?? session.lastActivityAt;
    const seenAt = session.endedSeenAt ?? session.lastSeenAt;
    this.#book.lookBack(session);
    fill();
    this.#book.end(session, endedAt, 'stop', seenAt);
  }
}
