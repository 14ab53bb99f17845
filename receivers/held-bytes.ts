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
