import type { Framing } from './tcp-framing.ts';

/** A deadline is this many looks; it is kept to that part of it. */
export const LOOKS = 8;

/**
 * How long a frame has been unfinished, counted in looks at it rather than by a clock: looks are only taken while the
 * sender was free to go on.
 */
export class FrameDeadline {
  readonly framing: Framing;
  #frame = 0;
  #looks = 0;

  constructor(framing: Framing) {
    this.framing = framing;
  }

  /** True when the same frame has been unfinished for a whole deadline. Later bytes of it do not matter. */
  look(): boolean {
    const { begun, unfinished } = this.framing;
    if (!unfinished || begun !== this.#frame) this.#looks = 0;
    else this.#looks += 1;
    this.#frame = begun;
    return this.#looks >= LOOKS;
  }
}
