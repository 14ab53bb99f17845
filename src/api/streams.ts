import type { ServerResponse } from 'node:http';
import type { EventFilters } from '../journal/event-search.ts';
import type { Followed, Following } from '../journal/queries.ts';
import type { CountsAnswer } from './current-counts.ts';

/** Streams at once; each costs a socket and what it has yet to be sent. */
const MOST_STREAMS = 1_000;
/** At least so long between two looks at what was committed: events that come in between are sent together. */
const LOOK_EVERY_MS = 100;
/** Counts go out at most so often. */
const COUNTS_EVERY_MS = 1_000;
/** Something is sent at least so often: proxies close connections on which nothing moves. */
const ALIVE_EVERY = 15;
/** Events read at once for streams at the same position. */
const EVENTS_AT_ONCE = 1_000;
const RETRY_MS = 1_000;

export interface StreamParts {
  /** The number of the latest committed event. */
  committedSeq(): number;
  follow(question: Following): Promise<Followed>;
  counts(): CountsAnswer;
  /** What a client is told to have got when it has got everything up to an event. */
  idOf(seq: number): string;
}

interface Stream {
  readonly response: ServerResponse;
  /** Null where it wants counts only. */
  readonly filters: EventFilters | null;
  /** Streams of the same filters share what is read for one. */
  readonly group: string;
  /** Everything up to this event was sent, or does not fit its filters. */
  position: number;
}

/**
 * Clients that are told what happens, as it happens. Events are read from the journal, each client from its own position,
 * so a slow client or one that comes back costs no memory; those at the same position share one reading.
 */
export class Streams {
  readonly #parts: StreamParts;
  readonly #streams = new Set<Stream>();
  #tag = '';
  #countsTimer: NodeJS.Timeout | null = null;
  #ticks = 0;
  #lookTimer: NodeJS.Timeout | null = null;
  #isLooking = false;
  #lookedAt = Number.NEGATIVE_INFINITY;

  constructor(parts: StreamParts) {
    this.#parts = parts;
  }

  get size(): number {
    return this.#streams.size;
  }

  get isFull(): boolean {
    return this.#streams.size >= MOST_STREAMS;
  }

  /**
   * Sends to `response`, whose head is sent, until either side ends it. `after`: the number of the last event the client has
   * got; null for what comes from now on.
   */
  add(response: ServerResponse, filters: EventFilters | null, after: number | null): void {
    const position = after ?? this.#parts.committedSeq();
    const stream = { response, filters, group: JSON.stringify(filters), position };
    this.#streams.add(stream);
    response.once('close', () => this.#remove(stream));
    response.on('drain', () => this.#lookSoon());
    this.#sendCounts(stream, this.#parts.counts().json);
    this.#countsTimer ??= setInterval(() => this.#tick(), COUNTS_EVERY_MS);
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
    if (this.#lookTimer !== null) clearTimeout(this.#lookTimer);
    for (const { response } of this.#streams) response.end();
  }

  #tick(): void {
    this.#ticks += 1;
    const counts = this.#parts.counts();
    const isNews = counts.tag !== this.#tag;
    this.#tag = counts.tag;
    const isAlive = this.#ticks % ALIVE_EVERY === 0;
    if (!isNews && !isAlive) return;
    for (const stream of this.#streams) this.#sendCounts(stream, counts.json);
  }

  /** With the position, so that whoever comes back before the next event that fits goes on from here. */
  #sendCounts({ response, filters, position }: Stream, json: string): void {
    if (response.writableNeedDrain) return;
    const seq = filters === null ? this.#parts.committedSeq() : position;
    response.write(`event: counts\nid: ${this.#parts.idOf(seq)}\ndata: ${json}\n\n`);
  }

  #lookSoon(): void {
    if (this.#isLooking || this.#lookTimer !== null) return;
    const wait = Math.max(0, this.#lookedAt + LOOK_EVERY_MS - performance.now());
    this.#lookTimer = setTimeout(() => void this.#look(), wait);
  }

  async #look(): Promise<void> {
    this.#lookTimer = null;
    this.#isLooking = true;
    this.#lookedAt = performance.now();
    const upTo = this.#parts.committedSeq();
    try {
      // One after the other, so that what else is asked of the reader gets its turn.
      for (const group of this.#behind(upTo)) await this.#sendEvents(group, upTo);
    } catch {
      // The reader's thread died and begins anew.
      this.#lookedAt += RETRY_MS;
    }
    this.#isLooking = false;
    // Catching up goes on at once.
    if (this.#behind(upTo).length > 0) this.#lookedAt -= LOOK_EVERY_MS;
    if (this.#behind(this.#parts.committedSeq()).length > 0) this.#lookSoon();
  }

  /** Streams that have events to come and take them, together where filters and position are the same; the latest first. */
  #behind(upTo: number): Stream[][] {
    const groups = new Map<string, Stream[]>();
    for (const stream of this.#streams) {
      if (stream.filters === null || stream.position >= upTo || stream.response.writableNeedDrain) continue;
      const key = `${stream.position} ${stream.group}`;
      const group = groups.get(key);
      if (group === undefined) groups.set(key, [stream]);
      else group.push(stream);
    }
    return [...groups.values()].sort(([one], [other]) => (other?.position ?? 0) - (one?.position ?? 0));
  }

  async #sendEvents(group: readonly Stream[], upTo: number): Promise<void> {
    const [first] = group;
    if (first?.filters == null) return;
    const filters = { ...first.filters, limit: EVENTS_AT_ONCE };
    const { text, position } = await this.#parts.follow({ filters, after: first.position, upTo });
    // Once for all of them.
    const bytes = text === '' ? null : Buffer.from(text);
    for (const stream of group) {
      stream.position = position;
      if (bytes !== null && !stream.response.destroyed) stream.response.write(bytes);
    }
  }
}
