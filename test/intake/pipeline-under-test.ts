import { hash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { createBlacklist } from '../../src/contract/blacklist.ts';
import type { UserEvent } from '../../src/contract/event.ts';
import type { LineWords } from '../../src/contract/rows.ts';
import type { EdgePosition } from '../../src/contract/sites/forwarding.ts';
import type { KeptPoll } from '../../src/contract/snapshot.ts';
import { Duplicates } from '../../src/intake/duplicates.ts';
import type { EventStore } from '../../src/intake/event-store.ts';
import { Pipeline } from '../../src/intake/pipeline.ts';
import { type Applied, Site } from '../../src/sessions/site.ts';
import { Storms } from '../../src/sessions/storms/storms.ts';
import { SETTINGS } from '../sessions/model/event-arbitrary.ts';

/** The far side of the pipeline: keeps rows in memory, as the journal's writer keeps them on the disk. */
export class MemoryStore implements EventStore {
  readonly events: UserEvent[] = [];
  readonly applied: Applied[] = [];
  readonly polls: KeptPoll[] = [];
  readonly positions: EdgePosition[] = [];
  uncommitted = 0;
  /** So many events it holds before senders that can wait should. */
  mostWaiting = 1_000;
  full = false;
  trouble: string | null = null;
  takesState = true;
  /** Of the events that were added while they were wanted, in order. */
  readonly words: (LineWords | null)[] = [];
  wantsLines = false;
  checkpoints = 0;
  onCommitted: (events: number) => void = () => {};

  get nextSeq(): number {
    return this.events.length + 1;
  }

  isBehind(more = 0): boolean {
    return this.uncommitted + more >= this.mostWaiting;
  }

  add(event: UserEvent, applied: Applied, words: LineWords | null = null): void {
    if (this.wantsLines) this.words.push(words);
    this.events.push(event);
    this.applied.push(applied);
    this.uncommitted += 1;
  }

  addPoll(poll: KeptPoll): void {
    this.polls.push(poll);
  }

  addPosition(position: EdgePosition): void {
    this.positions.push(position);
  }

  async committed(): Promise<void> {
    this.onCommitted(this.uncommitted);
    this.uncommitted = 0;
  }
}

/** A pipeline that works when told to; `pending` are the turns it asked for. */
export function pipelineUnderTest(
  rules: Parameters<typeof createBlacklist>[0] = [],
  onTrouble?: (kind: string, sample: string) => void,
  now: () => number = () => 0,
) {
  const store = new MemoryStore();
  const site = new Site(SETTINGS);
  const troubles: string[] = [];
  const pending: (() => void)[] = [];
  const storms = new Storms(30);
  const pipeline = new Pipeline({
    site,
    storms,
    store,
    duplicates: new Duplicates(),
    positions: [],
    blacklist: createBlacklist(rules),
    hash: (text) => hash('sha256', text, 'base64url'),
    checksum: (text) => crc32(text),
    onTrouble: onTrouble ?? ((kind) => troubles.push(kind)),
    commitState: () => {
      for (const { event, applied } of site.takeCorrections(store.nextSeq, now())) {
        store.events.push(event);
        store.applied.push(applied);
      }
      site.book.pending.take();
      store.checkpoints += 1;
    },
    now,
    later: (callback) => pending.push(callback),
  });
  store.onCommitted = (events) => pipeline.committed(events);
  /** Lets turns come until a snapshot is taken or refused. */
  const taken = async (promise: Promise<void>): Promise<void> => {
    let isDone = false;
    const settled = promise.finally(() => {
      isDone = true;
    });
    settled.catch(() => {});
    while (!isDone) {
      pending.shift()?.();
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    return settled;
  };
  return { pipeline, store, site, storms, troubles, pending, taken };
}

/** received = accepted + duplicates + heartbeats + excluded + refused + inFlight */
export function identityHolds(pipeline: Pipeline): boolean {
  const { received, accepted, duplicates, heartbeats, excluded, refused } = pipeline.counters;
  const refusals = [...refused.values()].reduce((sum, count) => sum + count, 0);
  return received === accepted + duplicates + heartbeats + excluded + refusals + pipeline.inFlight;
}
