/** A copy that does not keep the whole datagram alive, as a slice would. */
export function copied(text: string): string {
  return Buffer.from(text, 'utf8').toString('utf8');
}

/** One copy of each string that comes again and again (app ids, user agents). Bounded: starts anew when full. */
export class StringPool {
  readonly #strings = new Map<string, string>();
  readonly #most: number;

  constructor(most = 10_000) {
    this.#most = most;
  }

  get(text: string | null): string | null {
    if (text === null) return null;
    const known = this.#strings.get(text);
    if (known !== undefined) return known;
    if (this.#strings.size >= this.#most) this.#strings.clear();
    const copy = copied(text);
    this.#strings.set(copy, copy);
    return copy;
  }
}
