import { type FrameRefusal, type FrameTaker, type Framing, HeldBytes } from './framing.ts';

const [NUL, LF, CR] = [0, 10, 13];
const SPACE = 32;
const [ZERO, NINE] = [48, 57];
/** Of lines; between frames they are nothing. */
const ENDS: readonly number[] = [LF, CR, NUL];
/** The longest frame that is skipped to stay in step, as long as `maxFrame` can be: nobody means more. */
const MOST_SKIPPED = 16 * 1_048_576;

/** Of what cannot be read. */
const SAMPLE_BYTES = 60;

/**
 * Framing `octet-counting` (RFC 6587, 3.4.1): `LENGTH SPACE MESSAGE`, the length in decimal without leading zeros. Newlines
 * and NULs between frames are skipped. Anything else is refused up to the next newline, behind which a length is looked
 * for again; where none comes, nothing marks where the next frame begins, and the framing is lost.
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
  /** Bytes of a line that cannot be read, which is skipped; null outside of one. */
  #unreadable: number | null = null;

  /** `maxFrame` in bytes, without the length before it; a line that cannot be read may have no more either. */
  constructor(maxFrame: number, taker: FrameTaker) {
    this.#maxFrame = maxFrame;
    this.#taker = taker;
  }

  get held(): number {
    return this.#held.length;
  }

  get unfinished(): boolean {
    return this.#length > 0 || this.#unreadable !== null;
  }

  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length && !this.lost) {
      if (this.#unreadable !== null) at = this.#skipLine(chunk, at, this.#unreadable);
      else if (this.#missing === null) at = this.#readLength(chunk, at);
      else at = this.#readMessage(chunk, at, this.#missing);
    }
  }

  /** The length says that a frame is not whole. */
  end(): void {
    this.cut();
  }

  cut(reason: FrameRefusal = 'frame_cut_off'): void {
    if (this.#length > 0 && !this.#skipping) this.#taker.refuse(reason);
    this.#startOver();
  }

  /** Reads one character; returns where to go on. */
  #readLength(chunk: Buffer, at: number): number {
    const char = chunk[at] ?? 0;
    if (char >= ZERO && char <= NINE) this.#addDigit(char - ZERO, chunk, at);
    else if (char === SPACE && this.#length > 0) this.#startMessage();
    else if (this.#length > 0 || !ENDS.includes(char)) return this.#refuseLine(chunk, at);
    return at + 1;
  }

  #addDigit(digit: number, chunk: Buffer, at: number): void {
    if (this.#length === 0) this.begun += 1;
    this.#length = 10 * this.#length + digit;
    if (this.#length === 0) this.#refuseLine(chunk, at);
    else if (this.#length > MOST_SKIPPED) this.#lose('frame_too_long');
  }

  /** Returns where the line begins that is skipped from then on. */
  #refuseLine(chunk: Buffer, at: number): number {
    const begin = this.#length === 0 ? '' : String(this.#length);
    const isLength = begin !== '' || chunk[at] === ZERO;
    if (!isLength) this.begun += 1;
    this.#startOver();
    this.#unreadable = 0;
    const came = begin + chunk.toString('latin1', at, at + SAMPLE_BYTES);
    this.#taker.refuse(isLength ? 'bad_frame_length' : 'no_frame_length', came);
    return at;
  }

  #skipLine(chunk: Buffer, at: number, skipped: number): number {
    const lf = chunk.indexOf(LF, at);
    const end = lf < 0 ? chunk.length : lf;
    this.#unreadable = lf < 0 ? skipped + end - at : null;
    this.lost = skipped + end - at > this.#maxFrame;
    return end + 1;
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
    this.#unreadable = null;
  }
}
