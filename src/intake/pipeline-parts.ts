import type { Blacklist } from '../contract/blacklist.ts';
import type { EdgePosition } from '../contract/sites/forwarding.ts';
import type { Site } from '../sessions/site.ts';
import type { Storms } from '../sessions/storms/storms.ts';
import type { Duplicates } from './duplicates.ts';
import type { EventStore } from './event-store.ts';

export interface PipelineParts {
  readonly site: Site;
  readonly storms: Storms;
  readonly store: EventStore;
  readonly duplicates: Duplicates;
  readonly blacklist: Blacklist;
  /** Up to where events of other Headcounts were taken. */
  readonly positions: readonly EdgePosition[];
  /** Identity of a line: equal for equal texts only. */
  readonly hash: (text: string) => string;
  /** 32 bits of a text. */
  readonly checksum: (text: string) => number;
  /** Something is wrong with what comes in; called for each message. */
  readonly onTrouble: (kind: string, sample: string) => void;
  /** Commits the state of the site as it is. */
  readonly commitState: () => void;
  /** Milliseconds since 1970 UTC. */
  readonly now: () => number;
  /** Calls back once after so many milliseconds. */
  readonly later: (callback: () => void, ms: number) => void;
}
