import type { ServerResponse } from 'node:http';
import type { EventFilters } from '../../journal/read/event-search.ts';
import { isWhole, type Part } from '../../journal/read/parts/part.ts';
import type { Followed, Following } from '../../journal/read/queries.ts';
import { keyOfPart } from '../counts/counts-now.ts';
import type { CountsAnswer } from '../counts/current-counts.ts';
import { type StreamTiming, TIMING } from './timing.ts';

/** Streams at once; each costs a socket and what it has yet to be sent. */
const MOST_STREAMS = 1_000;
/** So that one address cannot take all; a reverse proxy is one, too. */
export const MOST_STREAMS_OF_ADDRESS = 500;
/** Different parts of which counts are told: each costs the reader something each second. */
export const MOST_PARTS = 64;

export interface StreamParts {
  /** The number of the latest committed event. */
  committedSeq(): number;
  follow(question: Following): Promise<Followed>;
  /** Of everything at once. */
  counts(part: Part): CountsAnswer | Promise<CountsAnswer>;
  /** What a client is told to have got when it has got everything up to an event. */
  idOf(seq: number): string;
}

/** Who wants what. */
export interface Listener {
  /** With its head sent. */
  readonly response: ServerResponse;
  readonly address: string;
  /** False once its token has been taken away. */
  mayStay(): boolean;
  /** Null where it wants counts only. */
  readonly filters: EventFilters | null;
  /** So many events a second at most, the latest ones; null is all. */
  readonly most: number | null;
  /** Of what it wants the counts. */
  readonly part: Part;
}

interface Stream extends Listener {
  /** Streams of the same filters share what is read for one. */
  readonly group: string;
  /** Of its part: streams of the same part share the counts. */
  readonly partKey: string;
  /** Everything up to this event was sent, or does not fit its filters. */
  position: number;
  /** How many more events it may be sent before the next tick; null is all. */
  left: number | null;
  /** Of the counts that it was sent last, and the tick of that. */
  tag: string;
  toldTick: number;
  /** The first tick that is a whole second after it came. */
  readonly fromTick: number;
}

/**
 * Clients that are told what happens, as it happens. Events are read from the journal, each client from its own position,
 * so a slow client or one that comes back costs no memory; those at the same position share one reading.
 */
export class Streams {
  readonly #parts: StreamParts;
  readonly #timing: StreamTiming;
  readonly #streams = new Set<Stream>();
  /** Parts of which counts were asked for and have not come. */
  readonly #awaited = new Set<string>();
  #countsTimer: NodeJS.Timeout | null = null;
  #ticks = 0;
  /** The message of counts that was sent last. */
  #told = { json: '', seq: -1, bytes: Buffer.alloc(0) };
  #lookTimer: NodeJS.Timeout | null = null;
  #isLooking = false;
  /** Not before this time of the monotonic clock, in ms. */
  #nextLookAt = 0;
  /** What had been committed at the last look. */
  #lookedUpTo = 0;
  #hasFailed = false;

  constructor(parts: StreamParts, timing = TIMING) {
    this.#parts = parts;
    this.#timing = timing;
  }

  get isFull(): boolean {
    return this.#streams.size >= MOST_STREAMS;
  }

  isFullFor(address: string): boolean {
    let count = 0;
    for (const stream of this.#streams) if (stream.address === address) count += 1;
    return count >= MOST_STREAMS_OF_ADDRESS;
  }

  /** False where it would be one more part than there may be. */
  mayTellOf(part: Part): boolean {
    if (isWhole(part)) return true;
    const ofParts = [...this.#streams].filter((stream) => !isWhole(stream.part));
    const parts = new Set(ofParts.map(({ partKey }) => partKey));
    return parts.has(keyOfPart(part)) || parts.size < MOST_PARTS;
  }

  /**
   * Sends until either side ends it. `after`: the number of the last event the client has got; null for what comes from
   * now on.
   */
  add(listener: Listener, after: number | null): void {
    const { response, filters, most, part } = listener;
    const stream: Stream = {
      ...listener,
      group: JSON.stringify(filters),
      partKey: keyOfPart(part),
      position: after ?? this.#parts.committedSeq(),
      left: most,
      tag: '',
      toldTick: this.#ticks,
      fromTick: this.#ticks + 2,
    };
    this.#streams.add(stream);
    response.once('close', () => this.#remove(stream));
    response.on('drain', () => this.#goOn(stream));
    this.#tell(part, (counts) => this.#sendCounts(stream, counts));
    this.#countsTimer ??= setInterval(() => this.#tick(), this.#timing.countsEveryMs);
    this.#lookSoon();
  }

  #remove(stream: Stream): void {
    this.#streams.delete(stream);
    if (this.#streams.size > 0 || this.#countsTimer === null) return;
    clearInterval(this.#countsTimer);
    this.#countsTimer = null;
  }

  /** More events are on the disk. */
  committed(): void {
    if (this.#streams.size > 0) this.#lookSoon();
  }

  /** Ends all; they may come back and go on where they were. */
  close(): void {
    for (const stream of this.#streams) this.#end(stream);
    if (this.#lookTimer !== null) clearTimeout(this.#lookTimer);
  }

  /** One that does not read is still there for a while, but nothing may be written to it any more. */
  #end(stream: Stream): void {
    this.#remove(stream);
    stream.response.end();
  }

  #tick(): void {
    this.#ticks += 1;
    let waits = false;
    for (const stream of this.#streams) {
      waits ||= stream.left === 0;
      stream.left = stream.most;
      if (!stream.mayStay()) this.#end(stream);
    }
    for (const [key, streams] of Map.groupBy(this.#streams, ({ partKey }) => partKey)) {
      const [first] = streams;
      if (this.#awaited.has(key)) this.#sendSigns(streams);
      else if (first !== undefined) this.#tellAll(first.part, key, streams);
    }
    if (waits) this.#lookSoon();
  }

  #isDue({ toldTick }: Stream): boolean {
    return this.#ticks - toldTick >= this.#timing.aliveEvery;
  }

  #tellAll(part: Part, key: string, streams: readonly Stream[]): void {
    const done = this.#tell(part, (counts) => {
      for (const stream of streams) {
        const isNews = this.#isDue(stream) || stream.tag !== counts.tag;
        if (this.#ticks >= stream.fromTick && isNews) this.#sendCounts(stream, counts);
      }
    });
    if (done === null) return;
    this.#awaited.add(key);
    void done.finally(() => this.#awaited.delete(key));
  }

  /** A comment where counts are awaited for long: the connection is not lost. */
  #sendSigns(streams: readonly Stream[]): void {
    for (const stream of streams) {
      if (!this.#isDue(stream) || stream.response.writableNeedDrain) continue;
      stream.response.write(':\n\n');
      stream.toldTick = this.#ticks;
    }
  }

  /** Null where it has told at once. Without an answer it tells nothing: the next tick asks again. */
  #tell(part: Part, tell: (counts: CountsAnswer) => void): Promise<void> | null {
    const counts = this.#parts.counts(part);
    if (counts instanceof Promise) return counts.then(tell, () => {});
    tell(counts);
    return null;
  }

  /** With the position, so that whoever comes back before the next event that fits goes on from here. */
  #sendCounts(stream: Stream, { json, tag }: CountsAnswer): void {
    const { response, filters, position } = stream;
    // It may have ended meanwhile.
    if (response.writableNeedDrain || !this.#streams.has(stream)) return;
    const seq = filters === null ? this.#parts.committedSeq() : position;
    response.write(this.#messageOf(json, seq));
    stream.tag = tag;
    stream.toldTick = this.#ticks;
  }

  /** Nearly all are at the same place, so the message is made and encoded once for them. */
  #messageOf(json: string, seq: number): Buffer {
    if (this.#told.json !== json || this.#told.seq !== seq) {
      const message = `event: counts\nid: ${this.#parts.idOf(seq)}\ndata: ${json}\n\n`;
      this.#told = { json, seq, bytes: Buffer.from(message) };
    }
    return this.#told.bytes;
  }

  /** A stream takes more again. Where it is catching up, its pace is the client's. */
  #goOn(stream: Stream): void {
    if (stream.position < this.#lookedUpTo && this.#nextLookAt > 0 && !this.#hasFailed) {
      this.#nextLookAt = 0;
      if (this.#lookTimer !== null) clearTimeout(this.#lookTimer);
      this.#lookTimer = null;
    }
    this.#lookSoon();
  }

  #lookSoon(): void {
    if (this.#isLooking || this.#lookTimer !== null) return;
    const wait = Math.max(0, this.#nextLookAt - performance.now());
    this.#lookTimer = setTimeout(() => void this.#look(), wait);
  }

  async #look(): Promise<void> {
    this.#lookTimer = null;
    this.#isLooking = true;
    this.#nextLookAt = performance.now() + this.#timing.lookEveryMs;
    const upTo = this.#parts.committedSeq();
    this.#lookedUpTo = upTo;
    this.#hasFailed = false;
    // One after the other, so that what else is asked of the reader gets its turn.
    for (const group of this.#behind(upTo)) {
      try {
        await this.#sendEvents(group, upTo);
      } catch {
        // The reader's thread died and begins anew, or what comes next for these cannot be read.
        this.#hasFailed = true;
      }
    }
    this.#isLooking = false;
    if (this.#hasFailed) this.#nextLookAt += this.#timing.retryMs;
    // Catching up goes on at once.
    else if (this.#behind(upTo).length > 0) this.#nextLookAt = 0;
    if (this.#behind(this.#parts.committedSeq()).length > 0) this.#lookSoon();
  }

  /** Streams that have events to come and take them, together where they are to get the same; the latest first. */
  #behind(upTo: number): Stream[][] {
    const groups = new Map<string, Stream[]>();
    for (const stream of this.#streams) {
      const { filters, position, left, response } = stream;
      if (filters === null || position >= upTo || left === 0 || response.writableNeedDrain) continue;
      const key = `${position} ${left} ${stream.group}`;
      const group = groups.get(key);
      if (group === undefined) groups.set(key, [stream]);
      else group.push(stream);
    }
    return [...groups.values()].sort(([one], [other]) => (other?.position ?? 0) - (one?.position ?? 0));
  }

  async #sendEvents(group: readonly Stream[], upTo: number): Promise<void> {
    const [first] = group;
    if (first?.filters == null) return;
    const { left } = first;
    const { text, position, events } = await this.#parts.follow({
      filters: first.filters,
      after: first.position,
      upTo,
      most: left,
    });
    // Once for all of them.
    const bytes = text === '' ? null : Buffer.from(text);
    for (const stream of group) {
      // It may have ended meanwhile.
      if (!this.#streams.has(stream)) continue;
      stream.position = position;
      // Where a tick came meanwhile they count for the second that began with it.
      if (stream.left !== null) stream.left = Math.max(0, stream.left - events);
      if (bytes !== null) stream.response.write(bytes);
    }
  }
}
