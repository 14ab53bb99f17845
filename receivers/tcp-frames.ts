const LF = 10;
const CR = 13;
const NOTHING = Buffer.alloc(0);
const FIRST_HOLD = 1024;

/** Where frames go. */
export interface FrameTaker {
  /** Without its line end and never empty. The bytes are valid during the call only. */
  frame(bytes: Uint8Array): void;
  refuse(reason: 'frame_too_long' | 'frame_cut_off'): void;
}

/** Cuts a stream of bytes at its newlines. Holds one unfinished frame and never more than `maxFrame` bytes. */
export class Frames {
  readonly #maxFrame: number;
  readonly #taker: FrameTaker;
  #held = NOTHING;
  #length = 0;
  /** Inside a frame already refused, up to the next newline. */
  #skipping = false;

  /** `maxFrame` in bytes, without the line end. */
  constructor(maxFrame: number, taker: FrameTaker) {
    this.#maxFrame = maxFrame;
    this.#taker = taker;
  }

  push(chunk: Buffer): void {
    let start = 0;
    for (let end = chunk.indexOf(LF); end >= 0; end = chunk.indexOf(LF, start)) {
      this.#endFrame(chunk.subarray(start, end));
      start = end + 1;
    }
    if (start < chunk.length) this.#hold(chunk.subarray(start));
  }

  /** The sender has finished: what it wrote last is a frame without a newline too. */
  end(): void {
    this.#endFrame(NOTHING);
  }

  /** The connection broke: what is there of a frame cannot be trusted to be whole. */
  cut(): void {
    if (this.#length > 0) this.#taker.refuse('frame_cut_off');
    this.#drop();
  }

  #endFrame(rest: Buffer): void {
    if (this.#length === 0 && !this.#skipping) {
      this.#take(rest);
      return;
    }
    this.#hold(rest);
    const frame = this.#held.subarray(0, this.#length);
    this.#skipping = false;
    this.#drop();
    this.#take(frame);
  }

  #take(line: Buffer): void {
    const frame = line.at(-1) === CR ? line.subarray(0, -1) : line;
    if (frame.length > this.#maxFrame) this.#taker.refuse('frame_too_long');
    else if (frame.length > 0) this.#taker.frame(frame);
  }

  #hold(piece: Buffer): void {
    if (this.#skipping || piece.length === 0) return;
    const length = this.#length + piece.length;
    // A CR at the end may belong to the line end.
    if (length > this.#maxFrame + (piece.at(-1) === CR ? 1 : 0)) {
      this.#drop();
      this.#skipping = true;
      this.#taker.refuse('frame_too_long');
      return;
    }
    this.#reserve(length);
    piece.copy(this.#held, this.#length);
    this.#length = length;
  }

  #reserve(length: number): void {
    if (length <= this.#held.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(length, FIRST_HOLD, 2 * this.#held.length));
    this.#held.copy(larger, 0, 0, this.#length);
    this.#held = larger;
  }

  #drop(): void {
    this.#held = NOTHING;
    this.#length = 0;
  }
}
