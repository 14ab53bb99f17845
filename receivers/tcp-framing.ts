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
  refuse(reason: FrameRefusal): void;
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
