import { setTimeout as sleep } from 'node:timers/promises';
import type { UserEvent } from '../contract/event.ts';
import type { LineWords } from '../contract/rows.ts';
import type { EdgePosition } from '../contract/sites/forwarding.ts';
import type { KeptPoll } from '../contract/snapshot.ts';
import type { Applied, Site } from '../sessions/site.ts';
import { WorkerFront } from '../threads/worker-front.ts';
import type { JournalEvents } from './journal-events.ts';
import type { Names } from './names.ts';
import { type BatchMessage, checkpointMessage, EventRecords, memoryOf } from './write/batch.ts';
import { PollRecords } from './write/poll-records.ts';
import type { RetentionLimits, Undelivered } from './write/retention.ts';
import type { WriterReply, WriterTalk } from './write/writer-thread.ts';
import { troubleOf } from './writer-trouble.ts';

/** Uncommitted events above which senders that can wait should, and above which nothing more is taken. */
const BEHIND_EVENTS = 100_000;
const FULL_EVENTS = 1_000_000;
/** Events that somebody waits for are handed over so long after the ones before, if not sooner. */
const AWAITED_MS = 20;
const DAY_MS = 86_400_000;
/** Batches the writer may have before it: more only while commits fail, and then they would pile up. */
const MOST_UNANSWERED = 8;
/** To close the file: its log may be long, and is written into it then. */
const CLOSE_WITHIN_MS = 60_000;

export interface JournalSettings extends RetentionLimits {
  readonly directory: string;
  /** How long events that nobody waits for are collected at most. */
  readonly commitIntervalMs: number;
  /** There are sinks that follow what is written. */
  readonly isFollowed: boolean;
}

/** Events of a batch, how many of them are our own, and of when the state behind them is; null without one. */
interface Batch {
  readonly events: number;
  readonly corrections: number;
  readonly stateAt: number | null;
}

/**
 * The typed front of the writer's thread: collects rows and hands them over at most once in
 * `commitIntervalMs`, sooner where somebody waits for them. An event is accepted when its batch is committed.
 */
export class Journal {
  readonly #settings: JournalSettings;
  readonly #site: Site;
  readonly #names: Names;
  readonly #listener: JournalEvents;
  readonly #rows = new EventRecords();
  readonly #polls = new PollRecords();
  #positions: EdgePosition[] = [];
  readonly #unanswered = new Map<number, Batch>();
  readonly #writer: WorkerFront<WriterTalk>;
  #nextSeq: number;
  #nextBatch = 1;
  #lastCommitted = 0;
  #unsent = 0;
  #uncommitted = 0;
  /** Of all of those, how many are our own. */
  #corrections = 0;
  #unsentCorrections = 0;
  #handedOverAt = 0;
  #wantsUnfiltered: boolean;
  wantsLines: boolean;
  #generationAt: number | null = null;
  #timer: NodeJS.Timeout | null = null;
  /** When the timer fires, on the clock of `performance`. */
  #dueAt = 0;
  #waiters: { batch: number; resolve: () => void; reject: (error: Error) => void }[] = [];
  #failure: Error | null = null;
  #trouble: string | null = null;
  #stateAt = Number.NEGATIVE_INFINITY;

  constructor(settings: JournalSettings, site: Site, names: Names, nextSeq: number, listener: JournalEvents) {
    this.#settings = settings;
    this.#site = site;
    this.#names = names;
    this.#nextSeq = nextSeq;
    this.#listener = listener;
    const { directory, retentionMs, maxBytes, isFollowed } = settings;
    // Until the sinks have said what they want.
    [this.#wantsUnfiltered, this.wantsLines] = [isFollowed, isFollowed];
    this.#writer = new WorkerFront({
      name: 'the writer',
      file: new URL('./write/writer-thread.ts', import.meta.url),
      data: () => ({ directory, limits: { retentionMs, maxBytes }, isFollowed }),
      // What it had taken is in nobody's hands: only a new start of the program knows where the file ends.
      restart: 'never',
      stopWithinMs: CLOSE_WITHIN_MS,
      heard: (reply) => this.#onReply(reply),
      died: (error) => this.#fail(error),
    });
  }

  /** Resolves when the writer has opened the file. */
  start(): Promise<void> {
    return this.#writer.start();
  }

  get nextSeq(): number {
    return this.#nextSeq;
  }

  /** Events taken from senders and not yet on the disk. */
  get uncommitted(): number {
    return this.#unsent + this.#uncommitted - this.#corrections;
  }

  /** The number of the latest event that is on the disk; 0 for none. */
  get committedSeq(): number {
    return this.#nextSeq - 1 - this.#unsent - this.#uncommitted;
  }

  /** Of when the state on the disk is, by our clock: what was accepted before it can be read as it was applied. */
  get stateAt(): number {
    return this.#stateAt;
  }

  /** True when senders that can wait should, where so many `more` have come and are not added yet. */
  isBehind(more = 0): boolean {
    return this.uncommitted + more >= BEHIND_EVENTS || this.#failure !== null;
  }

  /** True when nothing more can be taken. */
  get full(): boolean {
    return this.uncommitted >= FULL_EVENTS || this.#failure !== null;
  }

  /** False while the writer does not answer: `checkpoint` would do nothing. */
  get takesState(): boolean {
    return this.#unanswered.size < MOST_UNANSWERED && this.#failure === null;
  }

  /** Why commits do not succeed, null where they do. */
  get trouble(): string | null {
    if (this.#failure !== null) return this.#failure.message;
    return this.#trouble === null ? null : `the last commit failed: ${this.#trouble}`;
  }

  /** Takes one event; it must have been applied to the site under `nextSeq`. */
  add(event: UserEvent, applied: Applied, words: LineWords | null = null): void {
    const wanted = this.wantsLines ? words : undefined;
    this.#rows.add(this.#nextSeq, event, applied, this.#names, wanted);
    this.#nextSeq += 1;
    this.#unsent += 1;
    this.#schedule();
  }

  /** Takes one poll. It is committed with the events that are added in the same turn. */
  addPoll(poll: KeptPoll): void {
    if (!this.#polls.add(poll, this.#wantsUnfiltered)) return;
    this.#schedule();
  }

  /** Up to where an edge was taken. It is committed with the events that are added in the same turn. */
  addPosition(position: EdgePosition): void {
    this.#positions.push(position);
    this.#schedule();
  }

  /**
   * Commits the site's state behind all events added so far, with the last of them. What snapshots or time have changed
   * becomes events of our own, in the same commit: recovery must not apply it twice. `at` is our clock. While the writer does
   * not answer, nothing happens: changes add up in the site until it does.
   */
  checkpoint(at: number, state: object): void {
    if (!this.takesState) return;
    for (const { event, applied } of this.#site.takeCorrections(this.#nextSeq, at)) {
      this.add(event, applied);
      this.#corrections += 1;
      this.#unsentCorrections += 1;
    }
    const changes = this.#site.book.pending.take();
    const seconds = this.#site.series.takePending();
    this.#handOver(checkpointMessage(this.#nextSeq - 1, at, state, changes, seconds, this.#names));
    this.#generationAt ??= at;
    if (this.#names.isFullFor(this.#settings.maxBytes) || at - this.#generationAt > DAY_MS) {
      this.#names.beginGeneration();
      this.#generationAt = at;
    }
  }

  get #hasUnsent(): boolean {
    return this.#rows.count + this.#polls.count + this.#positions.length > 0;
  }

  #schedule(): void {
    const { commitIntervalMs } = this.#settings;
    const interval = this.#waiters.length > 0 ? Math.min(AWAITED_MS, commitIntervalMs) : commitIntervalMs;
    const dueAt = this.#handedOverAt + interval;
    if (this.#timer !== null) {
      if (this.#dueAt <= dueAt) return;
      clearTimeout(this.#timer);
    }
    this.#dueAt = dueAt;
    this.#timer = setTimeout(() => this.#handOver(null), Math.max(0, dueAt - performance.now()));
  }

  #handOver(checkpoint: BatchMessage['checkpoint']): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (!this.#hasUnsent && checkpoint === null) return;
    // The answer to one of those before hands over what is left.
    if (this.#unanswered.size >= MOST_UNANSWERED) return;
    const id = this.#nextBatch++;
    const corrections = this.#unsentCorrections;
    this.#unsentCorrections = 0;
    const rows = this.#rows.take();
    const polls = this.#polls.take();
    const batch: BatchMessage = {
      type: 'batch',
      id,
      names: this.#names.takeNew(),
      ...rows,
      polls,
      positions: this.#positions,
      checkpoint,
    };
    this.#positions = [];
    this.#unanswered.set(id, { events: rows.eventCount, corrections, stateAt: checkpoint?.at ?? null });
    this.#uncommitted += rows.eventCount;
    this.#unsent = 0;
    this.#handedOverAt = performance.now();
    this.#writer.tell(batch, memoryOf(batch));
  }

  #onReply(reply: WriterReply): void {
    if (reply.type === 'trouble') this.#trouble = reply.message;
    if (reply.type !== 'committed') {
      this.#listener.trouble(...troubleOf(reply));
      return;
    }
    this.#rows.recycle(reply.memory);
    const batch = this.#unanswered.get(reply.id);
    this.#unanswered.delete(reply.id);
    const { events, corrections, stateAt } = batch ?? { events: 0, corrections: 0, stateAt: null };
    this.#stateAt = stateAt ?? this.#stateAt;
    this.#uncommitted -= events;
    this.#corrections -= corrections;
    this.#lastCommitted = reply.id;
    this.#trouble = null;
    this.#listener.committed(events - corrections);
    if (this.#hasUnsent) this.#schedule();
    const done = this.#waiters.filter((waiter) => waiter.batch <= reply.id);
    this.#waiters = this.#waiters.filter((waiter) => waiter.batch > reply.id);
    for (const waiter of done) waiter.resolve();
  }

  #fail(error: Error): void {
    this.#failure = error;
    for (const waiter of this.#waiters) waiter.reject(error);
    this.#waiters = [];
    this.#listener.failed(error);
  }

  /** Resolves when everything added so far is on the disk; rejects when the writer has died. */
  committed(): Promise<void> {
    if (this.#failure !== null) return Promise.reject(this.#failure);
    const batch = this.#hasUnsent ? this.#nextBatch : this.#nextBatch - 1;
    if (batch <= this.#lastCommitted) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#waiters.push({ batch, resolve, reject });
      if (this.#hasUnsent) this.#schedule();
    });
  }

  /**
   * The same without waiting for the commit interval. Returns whether it is on the disk; false when commits
   * still fail after `withinMs`.
   */
  async flush(withinMs: number): Promise<boolean> {
    this.#handOver(null);
    const committed = this.committed().then(() => true);
    if (await Promise.race([committed, sleep(withinMs, false, { ref: false })])) return true;
    return this.trouble === null ? committed : false;
  }

  /** What sinks have yet to get; retention leaves it. */
  keep(undelivered: Undelivered): void {
    this.#wantsUnfiltered = undelivered.unfiltered < Number.MAX_SAFE_INTEGER;
    this.wantsLines = undelivered.lines < Number.MAX_SAFE_INTEGER;
    if (this.#failure === null) this.#writer.tell({ type: 'undelivered', undelivered });
  }

  /**
   * Commits what there is and closes the file. Returns how many events that were taken are lost, because commits
   * still fail after `withinMs`.
   */
  async stop(withinMs: number): Promise<number> {
    if (this.#failure !== null) return 0;
    const isWhole = await this.flush(withinMs);
    // Before the writer is asked to end: what it is told after that keeps it busy with a file that is closed.
    this.#failure = new Error('the journal is closed');
    if (isWhole) await this.#writer.stop();
    else await this.#writer.terminate();
    return this.uncommitted;
  }
}
