import type { EventReason, Kind, NoteDetails, User } from './event.ts';
import type { SeenSession } from './snapshot.ts';

/*
 * The rows that sinks get. Times are milliseconds since 1970 UTC, `null` is unknown, and ids are public ones:
 * no two stores give the same id to different things, and two of one site the same to what both saw begin.
 */

/** What the user agent says; the version is the major one for a browser. */
export interface Client {
  readonly browser: string | null;
  readonly browserVersion: string | null;
  readonly os: string | null;
  readonly osVersion: string | null;
}

/** Whose row it is. */
interface OfSite {
  /** The name of the site when that was first known; absent where nobody has said it. Hosts of other sites name theirs themselves. */
  readonly site?: string;
}

/** One event as it was accepted. Offered again with the same `at` and `eventId`, only `sessionId` may have come to be known. */
export interface SessionEventRow extends Client, OfSite {
  readonly seq: number;
  readonly eventId: string;
  readonly kind: Kind;
  readonly at: number;
  /** What the line itself said, only where `at` corrects that because the clock of its node is off: every Headcount corrects it a little differently. */
  readonly saidAt?: number;
  /** The line's own time, only where it was clamped or corrected. */
  readonly originalAt: number | null;
  readonly receivedAt: number;
  readonly host: string;
  readonly user: User | null;
  readonly origin: string | null;
  readonly context: string | null;
  readonly appId: string | null;
  readonly appName: string | null;
  readonly virtualProxy: string | null;
  readonly sessionId: string | null;
  readonly result: number | null;
  readonly reason: EventReason | null;
  readonly rowNumber: number | null;
  readonly userAgent: string | null;
  readonly message: string | null;
  /** What a note says besides, and a program of itself; absent where there is nothing. */
  readonly note?: NoteDetails;
}

/** One event with all that a tracker looks at, so that another Headcount can apply it again. */
export interface AcceptedEventRow extends SessionEventRow {
  /** What no other event has, wherever it comes from. */
  readonly identity: string;
  readonly timed: boolean;
  readonly sessionKey: string | null;
  readonly application: boolean;
}

/** What a line said, field by field and in its own words: as long as it was, and nothing in it is taken for null. */
export interface LineWords {
  /** What it began with, such as `/qseow-proxy-session/`; empty where the layout has no prefix. */
  readonly prefix: string;
  readonly host: string;
  readonly command: string;
  readonly directory: string;
  readonly userId: string;
  readonly origin: string;
  readonly context: string;
  readonly message: string;
}

/** One event with the words of its line. */
export interface EventLineRow extends SessionEventRow {
  /** Null where no line told of it (it came by HTTP, or is our own), and where the line is kept no longer. */
  readonly line: LineWords | null;
}

/**
 * How a session ended. `made_room`: there were too many hosts, and its own was one of those of which the fewest lines came.
 * Records of the journal hold the place in this list.
 */
export const END_REASONS = [
  ...(['stop', 'timeout', 'max_age', 'excluded', 'restart', 'snapshot', 'made_room'] as const),
] as const;
export type EndReason = (typeof END_REASONS)[number];

/** One session as it is known now: the latest row of an `id` is the whole truth about it. */
export interface SessionRow extends Client, OfSite {
  readonly id: string;
  /** Fixed when the session was first seen, unlike `startedAt`; the hour of that, where a poll found it. */
  readonly firstSeenAt: number;
  readonly startedAt: number;
  readonly startExact: boolean;
  readonly endedAt: number | null;
  readonly endExact: boolean;
  readonly endReason: EndReason | null;
  readonly identityExact: boolean;
  /** Of an application that tells of its sessions itself. */
  readonly application: boolean;
  readonly lastActivityAt: number;
  readonly host: string;
  readonly virtualProxy: string | null;
  readonly user: User | null;
  readonly openConnections: number;
  /** All that there ever were. */
  readonly connections: number;
  /** Ids of the different apps that were opened, the last of them first; 100 at most. */
  readonly apps: readonly string[];
}

export const COUNTS_SCOPES = ['all', 'host', 'virtualProxy', 'app'] as const;
export type CountsScope = (typeof COUNTS_SCOPES)[number];

/**
 * What was open at the end of one second, and what happened in it. For an app, `active` and `connections` are
 * both its connections, `created` and `destroyed` those opened and closed. The open counts are null where a late
 * line changed a second whose counts are no longer known.
 */
export interface SessionCountsRow {
  /** The second's beginning. */
  readonly at: number;
  readonly scope: CountsScope;
  /** Of the host, virtual proxy (lower case as received) or app (id); null for `all`. */
  readonly name: string | null;
  readonly active: number | null;
  readonly users: number | null;
  readonly connections: number | null;
  /** Of the whole and of hosts: what the truth about `active` and `users` lies between; null where nobody knows. */
  readonly sessionsLow: number | null;
  readonly sessionsHigh: number | null;
  readonly usersLow: number | null;
  readonly usersHigh: number | null;
  readonly created: number;
  readonly destroyed: number;
  readonly rejected: number;
}

/** How many were on one virtual proxy of one host. Who was on is a row for each session, in another table. */
export interface SessionSnapshotRow {
  /** When the proxy service was asked. */
  readonly at: number;
  readonly host: string;
  readonly virtualProxy: string;
  readonly sessions: number;
  readonly users: number;
}

/** One session that was on one virtual proxy of one host. */
export interface SnapshotSessionRow {
  /** When the proxy service was asked. */
  readonly at: number;
  readonly host: string;
  readonly virtualProxy: string;
  /** As the proxy service calls it, which no line does. */
  readonly sessionId: string;
  readonly user: User | null;
}

/** Everybody who was on one virtual proxy of one host, excluded users too. */
export interface UnfilteredSnapshotRow {
  /** When the proxy service was asked. */
  readonly at: number;
  readonly host: string;
  readonly virtualProxy: string;
  readonly sessions: readonly SeenSession[];
  /** What the proxy service was asked under: the name of its server, without port. Not there where it is not known. */
  readonly server?: string;
  /** The answer as it came: JSON, a list. Not there where it is not known. */
  readonly answer?: string;
}
