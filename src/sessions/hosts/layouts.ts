import type { Layout } from '../../contract/event.ts';

const WITHIN_MS = 10 * 60_000;
const REPEAT_MS = 60 * 60_000;
const NEVER = Number.NEGATIVE_INFINITY;

/**
 * Whether one node sends both layouts here: each of its events then counts twice, and nothing in the lines tells.
 * Known only while the program runs.
 */
export class Layouts {
  #ownAt = NEVER;
  #butlerSosAt = NEVER;
  #bothAt = NEVER;
  #toldAt = NEVER;

  /** Notes a line by its arrival; true where it is time to say that both are coming, once an hour. */
  note(layout: Layout, receivedAt: number): boolean {
    const before = layout === 'own' ? this.#ownAt : this.#butlerSosAt;
    const other = layout === 'own' ? this.#butlerSosAt : this.#ownAt;
    if (layout === 'own') this.#ownAt = receivedAt;
    else this.#butlerSosAt = receivedAt;
    // This one, the other, this one again: a node that changes from one to the other does not come back.
    if (other < before || receivedAt - before > WITHIN_MS) return false;
    this.#bothAt = receivedAt;
    if (receivedAt - this.#toldAt < REPEAT_MS) return false;
    this.#toldAt = receivedAt;
    return true;
  }

  /** True where both came within the last ten minutes. */
  areBoth(now: number): boolean {
    return now - this.#bothAt <= WITHIN_MS;
  }
}
