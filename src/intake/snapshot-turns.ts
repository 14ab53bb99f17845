import type { User } from '../contract/event.ts';
import type { Snapshot } from '../contract/snapshot.ts';
import type { Site } from '../sessions/site.ts';
import type { EventStore } from './event-store.ts';

/** So long to let lines and answers go first between two slices, and to wait for the journal. */
const PAUSE_MS = 1;

export interface SnapshotTurnsParts {
  readonly site: Site;
  readonly store: Pick<EventStore, 'trouble' | 'takesState'>;
  /** Works off the lines that came before. */
  readonly work: () => void;
  /** Commits the state as it is. */
  readonly commitState: () => void;
  readonly isExcluded: (user: User | null) => boolean;
  /** Milliseconds since 1970 UTC. */
  readonly now: () => number;
  readonly later: (callback: () => void, ms: number) => void;
}

/**
 * Takes snapshots, one after the other, each in slices between which lines and answers get their turn. What a slice
 * changed is committed before any line comes.
 */
export class SnapshotTurns {
  readonly #parts: SnapshotTurnsParts;
  #last: Promise<void> = Promise.resolve();

  constructor(parts: SnapshotTurnsParts) {
    this.#parts = parts;
  }

  /** @throws Error where the journal cannot take what the snapshot would change; slices before that stay as they are */
  take(snapshot: Snapshot): Promise<void> {
    const taken = this.#last.then(() => this.#take(snapshot));
    this.#last = taken.catch(() => {});
    return taken;
  }

  async #take(snapshot: Snapshot): Promise<void> {
    const { site, work, commitState, isExcluded, now } = this.#parts;
    await this.#journalIsReady();
    work();
    for (const hasChanged of site.takeSnapshot(snapshot, { isExcluded, now })) {
      if (hasChanged) commitState();
      await this.#pause();
      await this.#journalIsReady();
      work();
    }
  }

  async #journalIsReady(): Promise<void> {
    const { store } = this.#parts;
    while (store.trouble === null && !store.takesState) await this.#pause();
    if (store.trouble !== null) throw new Error(`the journal takes no snapshot: ${store.trouble}`);
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => this.#parts.later(resolve, PAUSE_MS));
  }
}
