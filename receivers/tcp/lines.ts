import { type FrameRefusal, type FrameTaker, type Framing, HeldBytes } from './framing.ts';

const [NUL, LF, CR] = [0, 10, 13];
const NO_BYTES = Buffer.alloc(0);

/**
 * Framing `lf`: a frame ends at a newline, which may have a CR before it, or at a NUL. In UTF-16 every other byte is
 * one: behind a single byte it ends nothing, and neither do those behind it.
 */
export class Lines implements Framing {
  readonly lost = false;
  begun = 0;
  readonly #maxFrame: number;
  readonly #taker: FrameTaker;
  readonly #held = new HeldBytes();
  /** Inside a frame already refused, up to the next newline. */
  #skipping = false;
  /** NULs are content until the next newline. */
  #isWide = false;

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
    let nul = chunk.indexOf(NUL);
    for (let end = chunk.indexOf(LF); end >= 0; end = chunk.indexOf(LF, start)) {
      while (nul >= 0 && nul < end) {
        start = this.#passNul(chunk, start, nul);
        nul = chunk.indexOf(NUL, nul + 1);
      }
      this.#endFrame(chunk.subarray(start, end));
      start = end + 1;
    }
    for (; nul >= 0; nul = chunk.indexOf(NUL, nul + 1)) start = this.#passNul(chunk, start, nul);
    if (start < chunk.length) this.#hold(chunk.subarray(start));
  }

  /** Returns where the frame that goes on behind the NUL begins. */
  #passNul(chunk: Buffer, start: number, nul: number): number {
    const length = this.#held.length + nul - start;
    if (length === 1 && !this.#skipping) this.#isWide = true;
    if (this.#isWide) return start;
    this.#endFrame(chunk.subarray(start, nul));
    return nul + 1;
  }

  /** What a sender wrote last is a frame without a newline too. */
  end(): void {
    this.#endFrame(NO_BYTES);
  }

  cut(reason: FrameRefusal = 'frame_cut_off'): void {
    if (this.#held.length > 0) this.#taker.refuse(reason);
    this.#held.drop();
    this.#skipping = false;
    this.#isWide = false;
  }

  #endFrame(rest: Buffer): void {
    this.#isWide = false;
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
