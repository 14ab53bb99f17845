import type { Kind, Sender } from '../contract/event.ts';
import type { ParsedLine, Via } from '../formats/index.ts';

/** How long the second copy may take. */
const WITHIN_MS = 2_000;
/** Lines that are remembered, at the most, and their bytes: as much as so many usual ones have. */
const REMEMBERED = 4_096;
const REMEMBERED_BYTES = 2 * 1_048_576;
/** The most that UTF-8 takes for a unit of UTF-16. */
const MOST_BYTES_A_UNIT = 3;

/** Whether a kind of event belongs to an appender; the other one sends it only when its filters match too. */
function isOwn(kind: Kind, via: Via): boolean {
  if (via === 'session') return kind === 'session_start' || kind === 'session_stop';
  return kind === 'connection_open' || kind === 'connection_close';
}

/** The latest texts as bytes in one piece of memory: as objects they would double the work of the garbage collector. */
class LatestTexts {
  readonly #bytes = Buffer.allocUnsafeSlow(REMEMBERED_BYTES);
  /** How far it was written, of a memory without end. */
  #end = 0;

  /** Where it begins; null where it is too long to be kept. */
  add(text: string): number | null {
    const most = text.length * MOST_BYTES_A_UNIT;
    if (most > REMEMBERED_BYTES) return null;
    const place = this.#end % REMEMBERED_BYTES;
    const start = place + most > REMEMBERED_BYTES ? this.#end - place + REMEMBERED_BYTES : this.#end;
    this.#end = start + this.#bytes.write(text, start % REMEMBERED_BYTES);
    return start;
  }

  /** Whether a text of this length that begins there is this one; false where it was overwritten. */
  has(text: string, start: number): boolean {
    if (start < this.#end - REMEMBERED_BYTES) return false;
    const place = start % REMEMBERED_BYTES;
    return this.#bytes.toString('utf8', place, place + Buffer.byteLength(text)) === text;
  }
}

/** The last lines of one kind: those that came through their own appender, or those that came through the other. */
class Copies {
  readonly #sums = new Float64Array(REMEMBERED);
  readonly #times = new Float64Array(REMEMBERED);
  /** Where each begins in the texts. */
  readonly #starts = new Float64Array(REMEMBERED);
  readonly #senders: (Sender | null)[] = new Array(REMEMBERED).fill(null);
  readonly #texts = new LatestTexts();
  #count = 0;

  add(text: string, sum: number, receivedAt: number, sender: Sender): void {
    const start = this.#texts.add(text);
    if (start === null) return;
    const place = this.#count % REMEMBERED;
    this.#sums[place] = sum;
    this.#times[place] = receivedAt;
    this.#starts[place] = start;
    this.#senders[place] = sender;
    this.#count += 1;
  }

  /** Uses up the latest copy that fits; false where there is none. */
  use(text: string, sum: number, receivedAt: number, sender: Sender): boolean {
    for (let n = this.#count - 1; n >= Math.max(0, this.#count - REMEMBERED); n -= 1) {
      const place = n % REMEMBERED;
      if (Math.abs(receivedAt - (this.#times[place] as number)) > WITHIN_MS) return false;
      if (this.#sums[place] !== sum || this.#senders[place]?.address !== sender.address) continue;
      // Whoever wants to can make up another text with the same sum.
      if (!this.#texts.has(text, this.#starts[place] as number)) continue;
      this.#senders[place] = null;
      return true;
    }
    return false;
  }

  /** True where no copy younger than that is left. */
  isStale(receivedAt: number): boolean {
    const latest = this.#times[(this.#count - 1 + REMEMBERED) % REMEMBERED] as number;
    return this.#count === 0 || Math.abs(receivedAt - latest) > WITHIN_MS;
  }
}

/**
 * One event may leave Sense through both of Butler SOS's appenders, when its message matches the filters of
 * both: the same bytes after the prefix, from the same address, under the other prefix, within two seconds (and
 * 4,096 lines). Two lines under the same prefix are two events. Of two copies one always comes through the
 * appender that its command does not belong to, which is rare: only then are earlier lines looked through.
 */
export class Twins {
  readonly #checksum: (text: string) => number;
  readonly #own = new Copies();
  readonly #other = new Copies();

  /** `checksum`: 32 bits of a text; the length is compared besides, and of those that agree in both the text. */
  constructor(checksum: (text: string) => number) {
    this.#checksum = checksum;
  }

  /** True where the line is the second copy of one already seen; each copy is used up once. */
  isTwin(line: ParsedLine, sender: Sender): boolean {
    if (line.via === null) return false;
    const body = line.line.slice(line.bodyAt);
    // Of two texts of one length, none is the beginning of the other.
    const sum = this.#checksum(body) + body.length * 2 ** 32;
    const isOwnLine = isOwn(line.kind, line.via);
    const same = isOwnLine ? this.#own : this.#other;
    const opposite = isOwnLine ? this.#other : this.#own;
    const { receivedAt } = line;
    if (!opposite.isStale(receivedAt) && opposite.use(body, sum, receivedAt, sender)) return true;
    same.add(body, sum, receivedAt, sender);
    return false;
  }
}
