import type { Sender } from '../contract/event.ts';

/** One message as it came: `memory` from `start` to `end`, valid until the next one is handed over. */
export type TakeMessage = (
  memory: Buffer,
  start: number,
  end: number,
  sender: Sender,
  receivedAt: number,
) => void;

/** Messages held at the most. */
const MOST_MESSAGES = 65_536;
/** A message begins at a multiple of this: shared memory, which datagrams come in, is copied by words only then. */
const WORD = 8;

/**
 * Raw messages between the receiver's callback, which does next to nothing, and the pipeline's turn. Bytes
 * are copied into one piece of memory, so that datagrams do not pile up as objects.
 */
export class MessageQueue {
  readonly #memory: Buffer;
  readonly #ends = new Int32Array(MOST_MESSAGES);
  readonly #times = new Float64Array(MOST_MESSAGES);
  readonly #senders: Sender[] = [];
  /** Messages before this one have been handed over. */
  #first = 0;
  #next = 0;
  #start = 0;
  #used = 0;

  constructor(bytes: number) {
    this.#memory = Buffer.allocUnsafeSlow(bytes);
  }

  get length(): number {
    return this.#next - this.#first;
  }

  /** False where it does not fit: empty the queue first. */
  push(bytes: Uint8Array, sender: Sender, receivedAt: number): boolean {
    const end = this.#used + bytes.length;
    const place = this.#next;
    if (end > this.#memory.length || place === MOST_MESSAGES) return false;
    this.#memory.set(bytes, this.#used);
    this.#ends[place] = end;
    this.#times[place] = receivedAt;
    this.#senders[place] = sender;
    this.#used = nextWord(end);
    this.#next += 1;
    return true;
  }

  /** Hands messages to `take`, in order of arrival: all, or the `most` that are waiting for longest. */
  drain(take: TakeMessage, most = MOST_MESSAGES): void {
    const stop = Math.min(this.#next, this.#first + most);
    for (; this.#first < stop; this.#first += 1) {
      const place = this.#first;
      const end = this.#ends[place] as number;
      take(this.#memory, this.#start, end, this.#senders[place] as Sender, this.#times[place] as number);
      this.#start = nextWord(end);
    }
    if (this.#first < this.#next) return;
    this.#first = this.#next = 0;
    this.#start = this.#used = 0;
  }
}

function nextWord(place: number): number {
  return (place + WORD - 1) & -WORD;
}
