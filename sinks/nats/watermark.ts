import type { Taken } from '../../src/nats/taken.ts';

/** A central Headcount that says nothing for so long is not waited for any more. */
const FORGOTTEN_AFTER_MS = 7 * 86_400_000;
/** One more makes room of the one that was heard of longest ago. */
const MOST_CENTRES = 100;

/** How far the central Headcounts have taken what is in the stream: a stream may lose messages that nobody has read. */
export class Watermark {
  /** By name; the last one is the one that was heard last. */
  readonly #centres = new Map<string, { readonly through: Taken['through']; readonly at: number }>();

  hear({ centre, through }: Taken, now: number): void {
    this.#centres.delete(centre);
    this.#centres.set(centre, { through, at: now });
    const [oldest] = this.#centres;
    if (oldest === undefined) return;
    const [name, { at }] = oldest;
    if (this.#centres.size > MOST_CENTRES || now - at > FORGOTTEN_AFTER_MS) this.#centres.delete(name);
  }

  /** Number up to which every one of them has everything. `inStream`: by partition, the number of the last event that was sent. */
  through(inStream: readonly number[]): number {
    let least = Number.MAX_SAFE_INTEGER;
    for (const { through } of this.#centres.values()) {
      for (const [partition, taken] of through.entries()) {
        if (taken !== null && taken < (inStream[partition] ?? 0)) least = Math.min(least, taken);
      }
    }
    return least;
  }
}
