import type { Encoding } from './encoding.ts';

/** The five things a Sense node can tell about a user, and what somebody did in a session; `kind` in rows, API and metrics. */
export const KINDS = [
  'session_start',
  'session_stop',
  'connection_open',
  'connection_close',
  'session_rejected',
  'note',
] as const;
export type Kind = (typeof KINDS)[number];

/** A Windows or Sense identity. Compared as `foldName` does, kept as written. */
export interface User {
  readonly directory: string | null;
  readonly id: string;
}

/** Why the repository or the proxy refused a session (`session_rejected` only). */
export const REJECTION_REASONS = ['parallel_limit', 'no_licence', 'authentication', 'denied'] as const;
export type RejectionReason = (typeof REJECTION_REASONS)[number];

/**
 * Why an event happened, where that is known. No line says that a session was made of a snapshot or ended by one
 * (`snapshot`), or with its proxy (`restart`): such events are our own. Records of the journal hold the place in this list.
 */
export const EVENT_REASONS = [...REJECTION_REASONS, 'snapshot', 'restart'] as const;
export type EventReason = (typeof EVENT_REASONS)[number];

/** How a proxy's line can be laid out: our own way, or one of Butler SOS's. */
export type Layout = 'own' | 'butler-sos';

/** The kinds that lines of Sense are of. */
export type LineKind = Exclude<Kind, 'note'>;

/** What a note says besides its message, and what a program says of itself when a session of it starts. */
export interface NoteDetails {
  /** What kind of note its sender calls it: `log`, `error`, `usage`; a word of its own is as good. */
  readonly type: string | null;
  /** What in the program it is about. */
  readonly source: string | null;
  readonly level: string | null;
  readonly value: number | null;
  /** How many equal ones the sender has made one of. */
  readonly count: number | null;
  /** Of the program. */
  readonly version: string | null;
  /** What the program calls its user for people. */
  readonly userName: string | null;
}

/** Where a message came from. `address` is an IP literal without a zone, IPv4 never in its mapped form. */
export interface Sender {
  readonly address: string;
  readonly port: number;
  /** A connection: of a relay, perhaps, with the lines of several nodes, and with another port when it comes again. */
  readonly isConnection?: boolean;
  /** What its lines are encoded in where they are not UTF-8, if somebody said so. */
  readonly encoding?: Encoding | undefined;
}

/** When and from whom a message arrived. */
export interface Arrival {
  readonly receivedAt: number;
  readonly sender: Sender;
}

/**
 * One parsed message. `null` always means unknown: absent, `(null)`, `Not available` or empty on the wire.
 * Times are milliseconds since 1970 UTC. `seq` is not here: the journal gives it at commit.
 */
export interface UserEvent {
  readonly kind: Kind;
  /** Event time; the arrival time where the line has none or an impossible one. */
  readonly at: number;
  /** The line's own time, only where it was clamped to the arrival time. */
  readonly originalAt: number | null;
  /** True where `at` is the sender's clock, false where it is ours. */
  readonly timed: boolean;
  readonly receivedAt: number;
  /** Lower-cased first label, or a whole IP literal; the sender's address where the line names none. */
  readonly host: string;
  readonly user: User | null;
  readonly origin: string | null;
  readonly context: string | null;
  readonly appId: string | null;
  readonly virtualProxy: string | null;
  /** `ProxySessionId`: only inferred to be constant inside a session, so never trusted alone. */
  readonly sessionKey: string | null;
  readonly rowNumber: number | null;
  /** Result code of the command; other than 0 means that it failed. */
  readonly result: number | null;
  readonly userAgent: string | null;
  /** What the message said beyond the other fields. */
  readonly message: string | null;
  readonly reason: EventReason | null;
  /** The identity that came with the event, `null` where the layout carries none. */
  readonly eventId: string | null;
  /** Who made up `eventId`; absent where it is a digest of the event. The same one of somebody else is another event. */
  readonly identifiedBy?: string | null;
  /** Of a line about a session or connection, while it is new: the journal does not keep it. */
  readonly layout?: Layout | null;
  /** It is of a program that tells of its own sessions: the rules of docs/application-sessions.md hold. */
  readonly application?: boolean;
  readonly note?: NoteDetails | null;
}

/** What a line says about its place among the lines of its appender. Times: milliseconds since 1970 UTC. */
export interface NumberedLine {
  readonly rowNumber: number | null;
  readonly host: string;
  readonly at: number;
  readonly timed: boolean;
  readonly receivedAt: number;
  /** Null where the line told no more than its number: it was refused. */
  readonly kind: Kind | null;
}
