import type { Buffer } from 'node:buffer';
import { type Batch, PoisonRowError } from '../src/core/sink.ts';
import { RowBuffer } from './questdb-row-buffer.ts';
import { appendRow } from './questdb-rows.ts';

/** Rows of a batch as text of the line protocol: one line each. */
export interface Lines {
  readonly bytes: Buffer;
  /** The first row that is not in it. */
  readonly end: number;
}

/** Serialises rows. */
export class LineWriter {
  readonly #store: string;
  readonly #buffer = new RowBuffer();

  constructor(store: string) {
    this.#store = store;
  }

  /**
   * Rows from `start` until before `end`, or fewer: no more after `mostBytes`.
   * @throws PoisonRowError
   */
  write(batch: Batch, start: number, end: number, mostBytes: number): Lines {
    let place = start;
    try {
      while (place < end && (place === start || this.#buffer.currentPosition() < mostBytes)) {
        appendRow(this.#buffer, batch, place, this.#store);
        place += 1;
      }
    } catch (error) {
      // What the client threw at is still in its buffer.
      this.#buffer.reset();
      throw new PoisonRowError(place, error instanceof Error ? error.message : String(error));
    }
    // A copy: a request that was given up may still be read from.
    const bytes = this.#buffer.toBufferNew();
    if (bytes === null) throw new Error('no rows to write');
    return { bytes, end: place };
  }
}
