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
