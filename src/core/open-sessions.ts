import type { Connection, Session } from './session.ts';

/**
 * The open sessions of one key: the questions that the tracking rules ask of them, and the changes that
 * must go through here because answers depend on them. `virtualProxy` narrows the answers to candidates:
 * sessions whose virtual proxy agrees with it.
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
