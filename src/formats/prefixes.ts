import { firstBreak } from './line-ends.ts';

/** Longer names are none of ours. */
export const MAX_PREFIX = 64;
/** What stands before the prefix of a line is a header, up to so many characters. */
const MOST_HEADER = 1_000;

/** Finds where a line begins by what announces it, whatever stands before. */
export class Prefixes {
  readonly #isKnown: (name: string) => boolean;
  /** Those of `known` that end in no slash, with their `;`. */
  readonly #withoutSlash: readonly string[];

  /** `known` as the templates write them; `isKnown` is asked with a name between slashes, in lower case. */
  constructor(known: readonly string[], isKnown: (name: string) => boolean) {
    this.#isKnown = isKnown;
    this.#withoutSlash = known.filter((prefix) => !prefix.endsWith('/')).map((prefix) => `${prefix};`);
  }

  /** Whether a prefix begins at `from` or after that is written as the templates write it. */
  has(text: string, from: number): boolean {
    return (
      this.#nextWithSlash(text, from) >= 0 || this.#withoutSlash.some((prefix) => text.includes(prefix, from))
    );
  }

  /** Where each such prefix begins, in order. */
  all(text: string, from: number): number[] {
    const found: number[] = [];
    for (let at = this.#nextWithSlash(text, from); at >= 0; at = this.#nextWithSlash(text, at + 1))
      found.push(at);
    for (const prefix of this.#withoutSlash) {
      for (let at = text.indexOf(prefix, from); at >= 0; at = text.indexOf(prefix, at + 1)) found.push(at);
    }
    return found.sort((a, b) => a - b);
  }

  #nextWithSlash(text: string, from: number): number {
    for (let end = text.indexOf('/;', from); end >= 0; end = text.indexOf('/;', end + 1)) {
      const least = Math.max(from, end - MAX_PREFIX);
      for (let at = end - 1; at >= least && isOfName(text.charCodeAt(at)); at -= 1) {
        if (text.charCodeAt(at) === 47 && this.#isKnown(text.slice(at + 1, end).toLowerCase())) return at;
      }
    }
    return -1;
  }

  /**
   * The prefix with which a line begins, behind whatever header a relay has put before it; -1 where there is none. A prefix
   * behind a quote is a piece of something else, such as JSON, in which names would be escaped.
   */
  ofLine(line: string): number {
    if (!line.includes(';')) return -1;
    const [at = -1] = this.all(line.slice(0, MOST_HEADER), 0);
    if (at <= 0) return at;
    return endsHeader(line.charCodeAt(at - 1)) && firstBreak(line.slice(0, at)) < 0 ? at : -1;
  }
}

/** Letters, digits, `-`, `.`, `/` and `_`. */
function isOfName(code: number): boolean {
  if (code >= 97 && code <= 122) return true;
  return (code >= 45 && code <= 57) || (code >= 65 && code <= 90) || code === 95;
}

/** White space, control characters, a byte order mark, and `:`, `>` and `]`, with which parts of a header end. */
function endsHeader(code: number): boolean {
  return code <= 32 || code === 58 || code === 62 || code === 93 || code === 0xa0 || code === 0xfeff;
}
