import type { UserEvent } from '../event.ts';
import type { QualityLevel, QualityReason } from '../quality.ts';

/*
 * A Headcount that forwards its accepted events is an edge; the one that gets those of several edges is the central one. An
 * edge is known by the name of its store, and its events by the numbers that they have there, which only rise.
 */

/** One event as an edge accepted it, with its number there. */
export interface ForwardedEvent {
  readonly seq: number;
  readonly event: UserEvent;
}

/** What one message of an edge says about one partition: events in the order in which they were applied there. */
export interface ForwardedEvents {
  /** Name of its store. */
  readonly edge: string;
  readonly site: string;
  readonly partition: number;
  /** Every event of this edge and partition up to this number was in messages before. */
  readonly previous: number;
  /** Number of the last event. */
  readonly through: number;
  /** How many events, of any partition, are gone for good between `previous` and the first one: retention was faster. */
  readonly gone: number;
  readonly events: readonly ForwardedEvent[];
  /** Which stream it is of, and its number there: where to go on after a restart. */
  readonly stream: string;
  readonly streamSeq: number;
}

/** Up to where one partition of one edge was taken. */
export interface EdgePosition {
  readonly edge: string;
  readonly site: string;
  readonly partition: number;
  readonly seq: number;
  readonly stream: string;
  readonly streamSeq: number;
}

/**
 * `taken`; `known`: nothing in it is new; `full`: nothing more can be taken at the moment, and nothing was; `refused`: one edge more than
 * there may be; else events before it have not come, and nothing was taken.
 */
export type ForwardingOutcome = 'taken' | 'known' | 'full' | 'refused' | Missing;

/** What it lacks are events after this number. */
export interface Missing {
  readonly missingAfter: number;
}

/** How right an edge says that its counts are, over all or of one host. */
export interface ReportedQuality {
  readonly quality: QualityLevel;
  readonly reasons: readonly QualityReason[];
  /** So many sessions, and no more users, may be there besides the counted ones; null where nobody can know. */
  readonly hidden: number | null;
  /** Counted ones that may not be there any more. */
  readonly doubtfulSessions: number;
  readonly doubtfulUsers: number;
}

/** The same of one host. */
export interface ReportedHost extends ReportedQuality {
  /** As the edge calls it. */
  readonly host: string;
  /** When snapshots of it last agreed; null where there are none. */
  readonly reconciledAt: number | null;
  /** How far its clock is behind that of the edge; null where that is not known. */
  readonly clockOffsetMs: number | null;
}

/** What an edge says of itself at one moment. Times are those of its clock, milliseconds since 1970 UTC. */
export interface EdgeReport {
  readonly at: number;
  /** Number of the latest event that it had taken then. */
  readonly head: number;
  readonly all: ReportedQuality;
  /** Those with the most sessions, where they are too many. */
  readonly hosts: readonly ReportedHost[];
  /** When it did not run. */
  readonly downtimes: readonly { readonly from: number; readonly to: number }[];
}

/** A sign of life of an edge. */
export interface EdgeAlive {
  readonly site: string;
  readonly report: EdgeReport;
  /** What it had accepted up to this number is in the stream, or never will be. */
  readonly done: number;
  /** Its clock: what it had accepted by then is in the stream. */
  readonly caughtUpTo: number;
  /** By partition, the number of the last event that is in the stream. */
  readonly sent: readonly number[];
}

/** Where a central Headcount hands over what edges tell. */
export interface ForwardingIntake {
  /** Up to where each partition of each edge was taken, whether that is on the disk yet or not. */
  positions(): readonly EdgePosition[];
  /** Takes all of a message or nothing. Goes to the disk in one piece, with the position behind it. */
  forward(events: ForwardedEvents): ForwardingOutcome;
  /** `partitions`: those that are followed. */
  alive(edge: string, alive: EdgeAlive, partitions: readonly number[]): void;
  /** Number up to which events of a partition were taken; 0 for none. */
  takenOf(edge: string, partition: number): number;
  /** At most so many events that the edge has accepted have not come; null where it has not said how many it has. */
  behindOf(edge: string): number | null;
}

/** What a central Headcount knows of one edge. Times are ISO 8601. */
export interface EdgeStats {
  /** Name of its store. */
  readonly edge: string;
  readonly site: string;
  /** Events taken since the start. */
  readonly events: number;
  /** When anything of it came last. */
  readonly lastSeenAt: string;
  /** When its latest event had arrived there; null before the first. */
  readonly lastEventAt: string | null;
  /** How many events it has accepted that have not come; null where it has not said how many it has. */
  readonly behind: number | null;
  /** Partitions of which events are missing at the moment. */
  readonly missing: readonly number[];
  /** Events that are gone for good. */
  readonly gone: number;
}
