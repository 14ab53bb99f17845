import { HeldBytes } from './held-bytes.ts';
import type { FrameRefusal, FrameTaker, Framing } from './tcp-framing.ts';

const SPACE = 32;
const [ZERO, NINE] = [48, 57];
/** The longest frame that is skipped to stay in step, as long as `maxFrame` can be: nobody means more. */
const MOST_SKIPPED = 16 * 1_048_576;

/**
 * Framing `octet-counting` (RFC 6587, 3.4.1): `LENGTH SPACE MESSAGE`, the length in decimal without leading
 * zeros. After anything else the framing is lost, because nothing marks where the next frame begins.
 */
export class CountedFrames implements Framing {
  lost = false;
  begun = 0;
  readonly #maxFrame: number;
  readonly #taker: FrameTaker;
  readonly #held = new HeldBytes();
  /** As far as its digits have come. */
  #length = 0;
  /** Bytes of the message still to come; null while its length is being read. */
  #missing: number | null = null;
  #skipping = false;

  /** `maxFrame` in bytes, without the length before it. */
  constructor(maxFrame: number, taker: FrameTaker) {
    this.#maxFrame = maxFrame;
    this.#taker = taker;
  }

  get held(): number {
    return this.#held.length;
  }

  get unfinished(): boolean {
    return this.#length > 0;
  }

  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length && !this.lost) {
      at = this.#missing === null ? this.#readLength(chunk, at) : this.#readMessage(chunk, at, this.#missing);
    }
  }

  /** The length says that a frame is not whole. */
  end(): void {
    this.cut();
  }

  cut(reason: FrameRefusal = 'frame_cut_off'): void {
    if (this.unfinished && !this.#skipping) this.#taker.refuse(reason);
    this.#startOver();
  }

  /** Reads one character; returns where to go on. */
  #readLength(chunk: Buffer, at: number): number {
    const char = chunk[at] ?? 0;
    if (char >= ZERO && char <= NINE) this.#addDigit(char - ZERO);
    else if (char === SPACE && this.#length > 0) this.#startMessage();
    else this.#lose(this.#length === 0 ? 'no_frame_length' : 'bad_frame_length');
    return at + 1;
  }

  #addDigit(digit: number): void {
    if (this.#length === 0) this.begun += 1;
    this.#length = 10 * this.#length + digit;
    if (this.#length === 0) this.#lose('bad_frame_length');
    else if (this.#length > MOST_SKIPPED) this.#lose('frame_too_long');
  }

  #startMessage(): void {
    this.#missing = this.#length;
    if (this.#length <= this.#maxFrame) return;
    this.#skipping = true;
    this.#taker.refuse('frame_too_long');
  }

  #readMessage(chunk: Buffer, at: number, missing: number): number {
    const piece = chunk.subarray(at, at + missing);
    this.#missing = missing - piece.length;
    if (this.#missing === 0) this.#endMessage(piece);
    else if (!this.#skipping) this.#held.add(piece);
    return at + piece.length;
  }

  #endMessage(last: Buffer): void {
    const skipping = this.#skipping;
    if (!skipping && this.#held.length > 0) this.#held.add(last);
    const frame = this.#held.length > 0 ? this.#held.take() : last;
    this.#startOver();
    if (!skipping) this.#taker.frame(frame);
  }

  #lose(reason: FrameRefusal): void {
    this.#startOver();
    this.lost = true;
    this.#taker.refuse(reason);
  }

  #startOver(): void {
    this.#held.drop();
    this.#length = 0;
    this.#missing = null;
    this.#skipping = false;
  }
}
