import type { UserEvent } from '../contract/event.ts';
import type { LineWords } from '../contract/rows.ts';
import type { EdgePosition } from '../contract/sites/forwarding.ts';
import type { KeptPoll } from '../contract/snapshot.ts';
import type { Applied } from '../sessions/site.ts';

/** Where applied events are made durable. */
export interface EventStore {
  readonly nextSeq: number;
  readonly uncommitted: number;
  /** True when senders that can wait should, where so many `more` have come and are not added yet. */
  isBehind(more?: number): boolean;
  readonly full: boolean;
  /** Why commits do not succeed, null where they do. */
  readonly trouble: string | null;
  /** False while it is too busy to take the state of the site. */
  readonly takesState: boolean;
  /** Some sink wants the words of lines: `add` is given those of an event that a line told of. */
  readonly wantsLines: boolean;
  add(event: UserEvent, applied: Applied, words?: LineWords | null): void;
  /** Goes to the disk with the events that are added in the same turn. */
  addPoll(poll: KeptPoll): void;
  /** The same, behind them. */
  addPosition(position: EdgePosition): void;
  /** Resolves when everything added so far is on the disk. */
  committed(): Promise<void>;
}
