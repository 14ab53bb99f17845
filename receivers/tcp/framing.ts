/** Why a frame is not handed over. */
export type FrameRefusal =
  | 'frame_too_long'
  | 'frame_cut_off'
  | 'frame_too_slow'
  | 'no_frame_length'
  | 'bad_frame_length';

/** Where frames go. */
export interface FrameTaker {
  /** Without what frames it, and never empty. The bytes are valid during the call only. */
  frame(bytes: Uint8Array): void;
  /** `came`: the beginning of what cannot be read. */
  refuse(reason: FrameRefusal, came?: string): void;
}

/** Cuts a stream of bytes into frames. Holds one unfinished frame and never more than `maxFrame` bytes. */
export interface Framing {
  /** Where the next frame begins cannot be known any more: the connection is of no use. Refused already. */
  readonly lost: boolean;
  /** Inside a frame, or inside one that was refused and is skipped. */
  readonly unfinished: boolean;
  /** Frames that have begun; tells whether the unfinished one is still the same. */
  readonly begun: number;
  /** Bytes of the unfinished frame that are kept. */
  readonly held: number;
  push(chunk: Buffer): void;
  /** The sender has finished. */
  end(): void;
  /** The connection ends otherwise: what is there of a frame cannot be trusted to be whole. */
  cut(reason?: FrameRefusal): void;
}

const NOTHING = Buffer.alloc(0);
const FIRST_HOLD = 1024;

/** The bytes of an unfinished frame, in memory that grows with what has come, not with what was announced. */
export class HeldBytes {
  #bytes = NOTHING;
  length = 0;

  add(piece: Buffer): void {
    const length = this.length + piece.length;
    if (length > this.#bytes.length) this.#grow(length);
    piece.copy(this.#bytes, this.length);
    this.length = length;
  }

  /** All of them; none are held afterwards. */
  take(): Buffer {
    const taken = this.#bytes.subarray(0, this.length);
    this.drop();
    return taken;
  }

  drop(): void {
    this.#bytes = NOTHING;
    this.length = 0;
  }

  #grow(length: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(length, FIRST_HOLD, 2 * this.#bytes.length));
    this.#bytes.copy(larger, 0, 0, this.length);
    this.#bytes = larger;
  }
}

const LF = 10;
const CR = 13;
const NUL = 0;
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
