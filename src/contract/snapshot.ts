import type { User } from './event.ts';

/** One session as its proxy tells of it. */
export interface SeenSession {
  /** What the proxy itself calls the session. */
  readonly id: string;
  readonly user: User | null;
}

/** One question to one virtual proxy of one host: who is on? */
export interface Poll {
  /** As the lines of that node call it. */
  readonly host: string;
  /** As its path says, in lower case: `/` for the default one, `/sales`. */
  readonly virtualProxy: string;
  /** When it was asked, ms since 1970 UTC. */
  readonly at: number;
  /** From the question to the end of the answer, or until it was given up. */
  readonly durationMs: number;
}

/** An answer as it came, for those who want it so. */
export interface WholeAnswer {
  /** What was asked, without port: maybe another name than what the lines of the node call it. */
  readonly server: string;
  /** Makes the text: JSON, a list. A function, because it is long and hardly ever wanted. */
  readonly text: () => string;
}

/**
 * Everybody who is on one virtual proxy of one host, at one moment. What is neither in `sessions` nor in `hidden` is not
 * there, so a list that may have holes must not become one: an answer that failed, was cut off or was late is no
 * snapshot. An empty one is good. Who came or went between `at` and the end of the answer may or may not be in it.
 */
export interface Snapshot extends Poll {
  /** Each id once. */
  readonly sessions: readonly SeenSession[];
  /**
   * Sessions of users whom the receiver's own blacklist names. They are there, and yet no evidence either way: they are not
   * counted, nobody is added because of them, and a session of such a user that is tracked already does not end for want
   * of a place in `sessions`.
   */
  readonly hidden: readonly SeenSession[];
  /**
   * Every virtual proxy of this host, this one too, where snapshots come of all of them; null where the host may have
   * others. Only then can it be concluded that somebody is nowhere on the host.
   */
  readonly allVirtualProxies: readonly string[] | null;
  /** False: users serve to compare, and are neither stored nor sent as those of a snapshot. Numbers are. */
  readonly keepsUsers: boolean;
  /** Not there where it is not known. */
  readonly whole?: WholeAnswer | undefined;
}

/** What is kept of one poll. Users whom the rules exclude are in none of it but `unfiltered`. */
export interface KeptPoll extends Poll {
  /** Why there was no answer, in plain words; null where there was one. */
  readonly error: string | null;
  /** Null without an answer. */
  readonly sessions: number | null;
  /** Different ones, compared case-insensitively; null without an answer. */
  readonly users: number | null;
  /** Who was on: none where users are not kept, or without an answer. */
  readonly seen: readonly SeenSession[];
  /** The whole answer, for those who want it so; null where users are not kept, or without an answer. */
  readonly unfiltered: readonly SeenSession[] | null;
  readonly whole?: WholeAnswer | undefined;
}

/** A poll without a usable answer. It is no evidence of anything, and is told so that history can show it. */
export interface FailedPoll extends Poll {
  /** Why, in plain words. */
  readonly error: string;
}
