import { HeldBytes } from './held-bytes.ts';
import type { FrameRefusal, FrameTaker, Framing } from './tcp-framing.ts';

const LF = 10;
const CR = 13;
const NOTHING = Buffer.alloc(0);

/** Framing `lf`: a frame ends at a newline, which may have a CR before it. */
export class Lines implements Framing {
  readonly lost = false;
  begun = 0;
  readonly #maxFrame: number;
  readonly #taker: FrameTaker;
  readonly #held = new HeldBytes();
  /** Inside a frame already refused, up to the next newline. */
  #skipping = false;

  /** `maxFrame` in bytes, without the line end. */
  constructor(maxFrame: number, taker: FrameTaker) {
    this.#maxFrame = maxFrame;
    this.#taker = taker;
  }

  get held(): number {
    return this.#held.length;
  }

  get unfinished(): boolean {
    return this.#skipping || this.#held.length > 0;
  }

  push(chunk: Buffer): void {
    let start = 0;
    for (let end = chunk.indexOf(LF); end >= 0; end = chunk.indexOf(LF, start)) {
      this.#endFrame(chunk.subarray(start, end));
      start = end + 1;
    }
    if (start < chunk.length) this.#hold(chunk.subarray(start));
  }

  /** What a sender wrote last is a frame without a newline too. */
  end(): void {
    this.#endFrame(NOTHING);
  }

  cut(reason: FrameRefusal = 'frame_cut_off'): void {
    if (this.#held.length > 0) this.#taker.refuse(reason);
    this.#held.drop();
    this.#skipping = false;
  }

  #endFrame(rest: Buffer): void {
    if (!this.unfinished) {
      this.#take(rest);
      return;
    }
    this.#hold(rest);
    this.#skipping = false;
    this.#take(this.#held.take());
  }

  #take(line: Buffer): void {
    const frame = line.at(-1) === CR ? line.subarray(0, -1) : line;
    if (frame.length > this.#maxFrame) this.#taker.refuse('frame_too_long');
    else if (frame.length > 0) this.#taker.frame(frame);
  }

  #hold(piece: Buffer): void {
    if (this.#skipping || piece.length === 0) return;
    if (this.#held.length === 0) this.begun += 1;
    // A CR at the end may belong to the line end.
    if (this.#held.length + piece.length > this.#maxFrame + (piece.at(-1) === CR ? 1 : 0)) {
      this.#held.drop();
      this.#skipping = true;
      this.#taker.refuse('frame_too_long');
      return;
    }
    this.#held.add(piece);
  }
}
