import type { ReceiverStats } from './contract/receiver.ts';
import type { Pipeline } from './intake/pipeline.ts';
import type { Journal } from './journal/journal.ts';
import type { Site } from './sessions/site.ts';
import { stateOf } from './sessions/site-state.ts';
import type { Storms } from './sessions/storms/storms.ts';
import type { TroubleLog } from './trouble-log.ts';

const TICK_MS = 1_000;
/** After the full second, so that a step is closed when it is over. */
const AFTER_MS = 5;
const MINUTE_TICKS = 60;
/**
 * Each of very many active sessions has its place in the journal's table to itself: writing them down every
 * fifth second costs a fraction of every second. Until then the events speak for them.
 */
const MANY_ACTIVITIES = 5_000;
const CROWDED_TICKS = 5;
/** So long a read waits for what was accepted before it, and a reload for its commit. */
const COMMIT_WAITS_MS = 2_000;
/** How long the end waits for commits that fail; the writer tries once a second. */
export const LAST_COMMIT_WAITS_MS = 1_500;

/** Calls back once after so many milliseconds, unless what it returns is called before. */
export type CallAfter = (ms: number, callback: () => void) => () => void;

export const callAfter: CallAfter = (ms, callback) => {
  const timer = setTimeout(callback, ms);
  return () => clearTimeout(timer);
};

export interface CheckpointsParts {
  readonly site: Site;
  readonly storms: Storms;
  readonly journal: Journal;
  readonly pipeline: Pipeline;
  readonly storeId: string;
  receivers(): readonly ReceiverStats[];
  readonly troubles: TroubleLog;
  /** Milliseconds since 1970 UTC. */
  now(): number;
  readonly after: CallAfter;
}

/** Decides when the state of the site is committed: each second, before a read, after a reload, at the end. */
export class Checkpoints {
  readonly #parts: CheckpointsParts;
  readonly #reads = new SharedRun(() => this.#commit());
  #cancelTick: () => void = () => {};
  #ticks = 0;
  #dropped = { byKernel: 0, byRing: 0, threadDeaths: 0 };

  constructor(parts: CheckpointsParts) {
    this.#parts = parts;
  }

  /** Commits, and from then on shortly after each full second of the clock. */
  start(): void {
    this.#tick();
    this.#nextTick();
  }

  #nextTick(): void {
    const { now, after } = this.#parts;
    this.#cancelTick = after(TICK_MS - (now() % TICK_MS) + AFTER_MS, () => {
      this.#tick();
      this.#nextTick();
    });
  }

  #tick(): void {
    const { now: clock, site, storms, journal, pipeline, troubles } = this.#parts;
    this.#ticks += 1;
    const now = clock();
    this.#noteDrops();
    pipeline.work();
    storms.tick(now);
    const crowded = site.book.pending.activities > MANY_ACTIVITIES;
    const later = crowded && this.#ticks % CROWDED_TICKS !== 0;
    // A sweep only where its ends are committed with it: recovery has nothing but events to replay.
    if (later || !journal.takesState) site.noteLevels(now);
    else this.#sweepAndHandOver(now);
    if (this.#ticks % MINUTE_TICKS === 0) troubles.flush();
  }

  #sweepAndHandOver(now: number): void {
    this.#parts.site.tick(now);
    this.#handOver(now);
  }

  #handOver(now: number): void {
    const { site, journal, storeId } = this.#parts;
    journal.checkpoint(now, { ...stateOf(site), store: storeId });
  }

  /** Commits the state as it is now, without waiting for it. What is taken of a snapshot becomes part of it. */
  commitState(): void {
    this.#handOver(this.#parts.now());
  }

  #noteDrops(): void {
    const { receivers, site, troubles } = this.#parts;
    const { byKernel, byRing, threadDeaths } = this.#dropped;
    const now = { byKernel: 0, byRing: 0, threadDeaths: 0 };
    for (const stats of receivers()) {
      now.byKernel += stats.kernelDropped ?? 0;
      now.byRing += stats.ringDropped ?? 0;
      now.threadDeaths += stats.threadDeaths ?? 0;
    }
    const dropped = now.byKernel - byKernel + now.byRing - byRing;
    if (dropped > 0) site.quality.dropped(dropped);
    // The receiver has said it.
    if (now.threadDeaths > threadDeaths) site.quality.dropped(null);
    if (now.byKernel > byKernel) troubles.note('datagrams dropped by the kernel', `${now.byKernel} in all`);
    if (now.byRing > byRing) troubles.note('datagrams dropped by a full ring', `${now.byRing} in all`);
    this.#dropped = now;
  }

  #commit(): Promise<void> {
    const { pipeline, journal, now } = this.#parts;
    pipeline.work();
    this.#handOver(now());
    return journal.committed();
  }

  /**
   * Resolves when everything accepted so far can be read. While commits fail it does not wait for more than two seconds,
   * and not at all once one has failed: who reads then sees the last commit.
   */
  async beforeRead(): Promise<void> {
    if (this.#parts.journal.trouble === null) await this.#within(this.#reads.once());
  }

  /** Commits the state as it is now; waits for that no longer than a read does. */
  afterReload(): Promise<void> {
    return this.#within(this.#commit());
  }

  async #within(committed: Promise<void>): Promise<void> {
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const cancel = this.#parts.after(COMMIT_WAITS_MS, resolve);
    await Promise.race([committed, late]).finally(cancel);
  }

  /** No further tick; safe without `start`. */
  stop(): void {
    this.#cancelTick();
  }

  /**
   * Commits what was accepted, and the state behind it. To be called when nothing more comes in, before the journal's
   * `stop`. Returns whether the events are on the disk: commits may go on failing.
   */
  async last(): Promise<boolean> {
    const { now, pipeline, journal } = this.#parts;
    this.#noteDrops();
    pipeline.work();
    if (!(await journal.flush(LAST_COMMIT_WAITS_MS))) return false;
    this.#sweepAndHandOver(now());
    return true;
  }
}

/** Work that many may ask for at once: those who ask while it runs share the run that begins after it. */
export class SharedRun {
  readonly #work: () => Promise<void>;
  #running: Promise<void> | null = null;
  #next: Promise<void> | null = null;

  constructor(work: () => Promise<void>) {
    this.#work = work;
  }

  /** Resolves when a run that began after the call is done; rejects when that run failed. */
  once(): Promise<void> {
    this.#next ??= this.#after(this.#running);
    return this.#next;
  }

  async #after(before: Promise<void> | null): Promise<void> {
    // How the run before ended concerns those who wait for that one.
    await before?.catch(() => {});
    this.#next = null;
    this.#running = this.#work().finally(() => {
      this.#running = null;
    });
    return this.#running;
  }
}
