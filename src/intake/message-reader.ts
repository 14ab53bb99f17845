import type { Buffer } from 'node:buffer';
import type { Arrival } from '../contract/event.ts';
import { decodeMessage, readUnit, type TakeLine } from '../formats/index.ts';

/** From bytes to lines. */
export class MessageReader {
  /** The message at work is not UTF-8, and nobody said what it is. */
  isGuess = false;
  readonly #guessed = (): void => {
    this.isGuess = true;
  };

  /** Hands each line to `take` and says how many there were; null where the message is UTF-16, which is not read. */
  read(memory: Buffer, start: number, end: number, arrival: Arrival, take: TakeLine): number | null {
    this.isGuess = false;
    const text = decodeMessage(memory, start, end, arrival.sender.encoding, this.#guessed);
    return text === null ? null : readUnit(text, arrival, take);
  }
}
