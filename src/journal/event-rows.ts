import { KINDS, REJECTION_REASONS, type UserEvent } from '../core/event.ts';
import { OUTCOMES } from '../core/sessions.ts';
import type { Applied } from '../core/site.ts';
import { type BatchMessage, EVENT_STRIDE, orNaN } from './batch.ts';
import type { Names } from './names.ts';

/** Memory that is kept for the next rows. */
const MOST_SPARE = 4;
const LEAST_SPARE_BYTES = 64 * 1_024;
const MOST_SPARE_BYTES = 4 * 1_048_576;

/** Collects events as rows until the writer takes them. */
export class EventRows {
  #cells: Float64Array<ArrayBuffer>;
  readonly #spare: ArrayBuffer[] = [];
  #count = 0;
  #messages: [number, string][] = [];
  #eventIds: [number, string][] = [];

  constructor(capacity = 1_024) {
    this.#cells = new Float64Array(capacity * EVENT_STRIDE);
  }

  get count(): number {
    return this.#count;
  }

  add(seq: number, event: UserEvent, applied: Applied, names: Names): void {
    let i = this.#count * EVENT_STRIDE;
    if (i === this.#cells.length) this.#grow();
    const cells = this.#cells;
    cells[i++] = seq;
    cells[i++] = KINDS.indexOf(event.kind);
    cells[i++] = event.at;
    cells[i++] = event.timed ? 1 : 0;
    cells[i++] = event.receivedAt;
    cells[i++] = names.host(applied.host);
    cells[i++] = names.user(applied.user);
    cells[i++] = names.string(event.origin);
    cells[i++] = names.string(event.context);
    cells[i++] = names.string(event.appId);
    cells[i++] = names.string(event.virtualProxy);
    cells[i++] = names.string(event.userAgent);
    cells[i++] = names.sessionKey(event.sessionKey, applied.session);
    cells[i++] = applied.session?.id ?? 0;
    cells[i++] = applied.previousSeq;
    cells[i++] = OUTCOMES.indexOf(applied.outcome);
    cells[i++] = event.reason === null ? 0 : REJECTION_REASONS.indexOf(event.reason) + 1;
    cells[i++] = orNaN(event.result);
    cells[i++] = orNaN(event.rowNumber);
    cells[i] = orNaN(event.originalAt);
    if (event.message !== null) this.#messages.push([this.#count, event.message]);
    if (event.eventId !== null) this.#eventIds.push([this.#count, event.eventId]);
    this.#count += 1;
  }

  #grow(): void {
    const larger = new Float64Array(this.#cells.length * 2);
    larger.set(this.#cells);
    this.#cells = larger;
  }

  /** Takes back memory that the writer is done with: fresh memory would cost more than the rows. */
  recycle(memory: ArrayBuffer): void {
    const fits = memory.byteLength >= LEAST_SPARE_BYTES && memory.byteLength <= MOST_SPARE_BYTES;
    if (fits && this.#spare.length < MOST_SPARE) this.#spare.push(memory);
  }

  /** The rows so far, after which it is empty again. */
  take(): Pick<BatchMessage, 'events' | 'eventCount' | 'messages' | 'eventIds'> {
    const spare = this.#spare.pop();
    const taken = {
      // Without spare memory the writer gets a copy of just what is used: it may not come back for long.
      events: spare === undefined ? this.#cells.slice(0, this.#count * EVENT_STRIDE) : this.#cells,
      eventCount: this.#count,
      messages: this.#messages,
      eventIds: this.#eventIds,
    };
    if (spare !== undefined) this.#cells = new Float64Array(spare);
    this.#count = 0;
    this.#messages = [];
    this.#eventIds = [];
    return taken;
  }
}
