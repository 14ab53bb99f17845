import type { FilteredTable, Sink } from '../../src/contract/sink.ts';

/**
 * What the contract suite needs of a kind of sink. A kind of type X has it in a file `test/sinks/X/under-test.ts`, which
 * exports `sinkUnderTest`, an async function that makes one, and `canRun`, false where the machine lacks the far side.
 */
export interface SinkUnderTest {
  readonly sink: Sink;
  /** Another one, that was never started. */
  unstarted(): Sink;
  /** Another one, whose far side takes what is written and never says so. */
  stuck(): Promise<Sink>;
  /** What arrived, each once, oldest first: the identities of events and sessions, the names that were counted, the virtual proxies and sessions of polls. */
  arrived(table: FilteredTable): Promise<unknown[]>;
  /** True of a table whose rows it wants, and of which it passes on something else than rows. */
  isOnlySeen?(table: FilteredTable): boolean;
  /** Directory and id of the user of an event that arrived. */
  userOf(eventId: string): Promise<unknown>;
  /** What nobody may read in its details. */
  readonly secrets: readonly string[];
  dispose(): Promise<void>;
}
