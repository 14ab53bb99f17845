/** The most that one turn of the event loop reads of a socket. One that read so many has left some behind. */
const FULL_TURN = 32;
/** What a receive buffer of 4 MiB allows; a smaller one allows less. */
const LONGEST_MS = 4;
const BYTES_OF_LONGEST = 4 * 1_048_576;

/**
 * Lets a thread that reads a socket sleep for a moment when it has read all there was. Datagrams that come meanwhile wait in
 * the kernel's buffer and are then read one after the other: waking up for each of them costs more than reading it. Where
 * none come the thread does not nap, it waits.
 */
export class Nap {
  readonly #sleep: (ms: number) => void;
  #ms = 0;
  #inTurn = 0;

  /** `sleep` blocks the thread. */
  constructor(sleep: (ms: number) => void) {
    this.#sleep = sleep;
  }

  /** So large is the buffer: even 300,000 datagrams a second fill no more than a sixth of it during a nap. */
  holds(bytes: number): void {
    this.#ms = LONGEST_MS * Math.min(1, bytes / BYTES_OF_LONGEST);
  }

  /** To be called for each datagram. */
  noteRead(): void {
    if (this.#inTurn === 0 && this.#ms > 0) setImmediate(() => this.#turnIsOver());
    this.#inTurn += 1;
  }

  #turnIsOver(): void {
    const isDrained = this.#inTurn < FULL_TURN;
    this.#inTurn = 0;
    if (isDrained && this.#ms > 0) this.#sleep(this.#ms);
  }

  /** No further nap. */
  end(): void {
    this.#ms = 0;
  }
}
