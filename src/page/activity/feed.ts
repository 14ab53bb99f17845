import { signal } from '@preact/signals';
import type { EventItem } from '../../journal/read/answers.ts';

export const MOST_ROWS = 100;

/**
 * The latest events, newest first. What arrives is collected and shown by the next `show`, so that rows move at most once
 * a second; while the feed is held it waits.
 */
export class Feed {
  readonly rows = signal<readonly EventItem[]>([]);
  /** How many have come since the feed is held. */
  readonly waiting = signal(0);
  /** How many were not sent for the rows that were shown last, because more happened than anybody can read. */
  readonly passedOver = signal(0);
  #arrived: EventItem[] = [];
  #arrivedCount = 0;
  #passedOver = 0;

  event(event: EventItem): void {
    this.#arrived.push(event);
    this.#arrivedCount += 1;
    if (this.#arrived.length >= 2 * MOST_ROWS) this.#arrived = this.#arrived.slice(-MOST_ROWS);
  }

  passOver(events: number): void {
    this.#passedOver += events;
    this.#arrivedCount += events;
  }

  /** Events from the history, which may be among those that were told already. */
  fill(events: readonly EventItem[]): void {
    this.rows.value = merged(this.rows.peek(), events);
  }

  /** To be called once a second, and when the feed is no longer held. */
  show(isHeld: boolean): void {
    if (isHeld) {
      this.waiting.value = this.#arrivedCount;
      return;
    }
    if (this.#arrived.length > 0) this.rows.value = merged(this.rows.peek(), this.#arrived);
    this.passedOver.value = this.#passedOver;
    this.waiting.value = 0;
    this.#forgetArrived();
  }

  /** Something else is looked at. */
  clear(): void {
    this.rows.value = [];
    this.waiting.value = 0;
    this.passedOver.value = 0;
    this.#forgetArrived();
  }

  #forgetArrived(): void {
    this.#arrived = [];
    this.#arrivedCount = 0;
    this.#passedOver = 0;
  }
}

/** Each event once, the latest that was told first. */
function merged(some: readonly EventItem[], others: readonly EventItem[]): EventItem[] {
  const bySeq = new Map([...some, ...others].map((event) => [event.seq, event]));
  return [...bySeq.values()].sort((one, other) => other.seq - one.seq).slice(0, MOST_ROWS);
}
