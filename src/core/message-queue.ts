import type { Sender } from './event.ts';

/** One message as it came. `bytes` is valid until the queue is emptied. */
export type TakeMessage = (bytes: Uint8Array, sender: Sender, receivedAt: number) => void;

/**
 * Raw messages between the receiver's callback, which does next to nothing, and the pipeline's turn. Bytes
 * are copied into one piece of memory, so that datagrams do not pile up as objects.
 */
export class MessageQueue {
  readonly #memory: Buffer;
  #ends: number[] = [];
  #senders: Sender[] = [];
  #times: number[] = [];
  #used = 0;

  constructor(bytes: number) {
    this.#memory = Buffer.allocUnsafeSlow(bytes);
  }

  get length(): number {
    return this.#ends.length;
  }

  /** Part of the memory in use, 0 to 1. */
  get fill(): number {
    return this.#used / this.#memory.length;
  }

  /** False where it does not fit: empty the queue first. */
  push(bytes: Uint8Array, sender: Sender, receivedAt: number): boolean {
    const end = this.#used + bytes.length;
    if (end > this.#memory.length) return false;
    this.#memory.set(bytes, this.#used);
    this.#used = end;
    this.#ends.push(end);
    this.#senders.push(sender);
    this.#times.push(receivedAt);
    return true;
  }

  /** Hands every message to `take`, in order of arrival, and is empty afterwards. */
  drain(take: TakeMessage): void {
    let start = 0;
    for (let i = 0; i < this.#ends.length; i += 1) {
      const end = this.#ends[i] as number;
      take(this.#memory.subarray(start, end), this.#senders[i] as Sender, this.#times[i] as number);
      start = end;
    }
    this.#ends = [];
    this.#senders = [];
    this.#times = [];
    this.#used = 0;
  }
}
