import type { Encoding } from '../../src/contract/encoding.ts';
import type { Sender } from '../../src/contract/event.ts';
import type { EventIntake } from '../../src/contract/receiver.ts';
import { plainAddress } from '../address.ts';
import { RingReader } from './ring.ts';

/** The ring is looked at so often while something comes in. */
const LOOK_EVERY_MS = 10;
/** Datagrams taken in one look. After a stall the others have to wait a little longer, so that everybody else gets a turn. */
const MOST_IN_A_LOOK = 4_096;

/** Takes datagrams out of the ring and hands them to the intake, in order of arrival. */
export class HandOver {
  received = 0;
  readonly #intake: EventIntake;
  readonly #now: () => number;
  readonly #encoding: Encoding | undefined;
  readonly #ring: RingReader;
  /** By number: one object per sender instead of one per datagram. */
  readonly #senders: Sender[] = [];
  /** What the clock of the program is ahead of the one that the reading thread has. */
  #aheadMs = 0;
  #timer: NodeJS.Timeout | null = null;
  #isFinished = false;

  /** `encoding`: of lines that are not UTF-8. */
  constructor(ring: SharedArrayBuffer, intake: EventIntake, now: () => number, encoding?: Encoding) {
    this.#ring = new RingReader(ring);
    this.#intake = intake;
    this.#now = now;
    this.#encoding = encoding;
    this.#ring.sleep();
  }

  /** Datagrams that found no room in the ring. */
  get dropped(): number {
    return this.#ring.dropped;
  }

  /** There is something in the ring, or may be. */
  wake(): void {
    if (this.#timer === null && !this.#isFinished) this.#look();
  }

  #look(): void {
    // Before anything is handed over: what the intake does so much later comes after the next look, with what that finds.
    const next = setTimeout(() => this.#look(), LOOK_EVERY_MS);
    const isEmpty = this.#take(MOST_IN_A_LOOK) === 0 && this.#ring.sleep();
    if (isEmpty) clearTimeout(next);
    this.#timer = isEmpty ? null : next;
  }

  #take(most: number): number {
    this.#aheadMs = this.#now() - Date.now();
    return this.#ring.drain(most, this.#datagram, this.#sender);
  }

  readonly #datagram = (bytes: Uint8Array, sender: number, arrivedAt: number): void => {
    this.received += 1;
    this.#intake.receive(bytes, this.#senders[sender] as Sender, arrivedAt + this.#aheadMs);
  };

  readonly #sender = (sender: number, address: string, port: number): void => {
    this.#senders[sender] = { address: plainAddress(address), port, encoding: this.#encoding };
  };

  /** Hands over what is left; nothing after that. To be called when nobody fills the ring any more. */
  finish(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#isFinished = true;
    this.#take(Number.POSITIVE_INFINITY);
  }
}
