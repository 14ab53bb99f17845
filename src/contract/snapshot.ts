import type { User } from './event.ts';

/** One session as its proxy tells of it. */
export interface SeenSession {
  /** What the proxy itself calls the session. */
  readonly id: string;
  readonly user: User | null;
}

/**
 * Everybody who is on one virtual proxy of one host, at one moment. What is not in it is not there, so a list that may
 * have holes must not become one: an answer that failed, was cut off or was late is no snapshot. An empty one is good.
 */
export interface Snapshot {
  /** As the lines of that node call it. */
  readonly host: string;
  /** As its path says: `/` for the default one, `/sales`. */
  readonly virtualProxy: string;
  /** When it was asked for, ms since 1970 UTC: who came or went while the answer was made may or may not be in it. */
  readonly at: number;
  readonly sessions: readonly SeenSession[];
}
