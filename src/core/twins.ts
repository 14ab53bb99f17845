import type { Sender } from './event.ts';
import type { ParsedLine } from './formats/index.ts';

/** How long the second copy may take. */
const WITHIN_MS = 2_000;

interface Copy {
  readonly via: ParsedLine['via'];
  readonly address: string;
  readonly receivedAt: number;
  used: boolean;
}

/**
 * One event may leave Sense through both of the peer's appenders, when its message matches the filters of
 * both: the same bytes after the prefix, from the same address, under the other prefix, within two seconds.
 * Two lines with the same prefix are two events.
 */
export class Twins {
  // Two generations of two seconds each, so that forgetting costs nothing.
  #young = new Map<string, Copy[]>();
  #old = new Map<string, Copy[]>();
  #since = 0;

  /** True where the line is the second copy of one already seen; each copy is used up once. */
  isTwin(line: ParsedLine, sender: Sender): boolean {
    if (line.via === null) return false;
    const age = line.receivedAt - this.#since;
    if (age > WITHIN_MS || age < 0) {
      this.#old = age > 2 * WITHIN_MS || age < 0 ? new Map() : this.#young;
      this.#young = new Map();
      this.#since = line.receivedAt;
    }
    const body = line.line.slice(line.bodyAt);
    if (this.#use(this.#old.get(body), line, sender)) return true;
    const copies = this.#young.get(body);
    if (this.#use(copies, line, sender)) return true;
    const copy = { via: line.via, address: sender.address, receivedAt: line.receivedAt, used: false };
    if (copies === undefined) this.#young.set(body, [copy]);
    else copies.push(copy);
    return false;
  }

  #use(copies: Copy[] | undefined, line: ParsedLine, sender: Sender): boolean {
    const twin = copies?.find(
      (each) =>
        !each.used &&
        each.via !== line.via &&
        each.address === sender.address &&
        line.receivedAt - each.receivedAt <= WITHIN_MS,
    );
    if (twin === undefined) return false;
    twin.used = true;
    return true;
  }
}
