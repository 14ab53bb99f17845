import type { UserEvent } from './event.ts';

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

/** Where a central Headcount hands over what edges tell. */
export interface ForwardingIntake {
  /** Up to where each partition of each edge was taken, whether that is on the disk yet or not. */
  positions(): readonly EdgePosition[];
  /** Takes all of a message or nothing. Goes to the disk in one piece, with the position behind it. */
  forward(events: ForwardedEvents): ForwardingOutcome;
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
