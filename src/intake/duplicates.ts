import type { Kind, Sender } from '../contract/event.ts';
import type { ParsedLine, Via } from '../formats/index.ts';

const DAY_SECONDS = 24 * 3_600;

/** Identities of the events of the last 24 h, at most so many: what comes again within it is a duplicate. */
export class Duplicates {
  /** The second of arrival by identity, in order of arrival. Seconds, because V8 keeps small integers in place. */
  readonly #seconds = new Map<string, number>();
  /** Goes on through what is added while it runs, so what it has yet to give is what is remembered. */
  readonly #order = this.#seconds.entries();
  #oldest: readonly [eventId: string, second: number] | null = null;
  readonly #most: number;

  constructor(most = 1_000_000) {
    this.#most = most;
  }

  get size(): number {
    return this.#seconds.size;
  }

  has(eventId: string, receivedAt: number): boolean {
    this.#expire(receivedAt);
    return this.#seconds.has(eventId);
  }

  add(eventId: string, receivedAt: number): void {
    if (this.#seconds.has(eventId)) return;
    this.#seconds.set(eventId, Math.floor(receivedAt / 1000));
    this.#expire(receivedAt);
  }

  #expire(receivedAt: number): void {
    // An iterator that was once at the end stays there.
    while (this.#seconds.size > 0) {
      this.#oldest ??= this.#order.next().value ?? null;
      if (this.#oldest === null) return;
      const [eventId, second] = this.#oldest;
      const isOld = receivedAt / 1000 - second > DAY_SECONDS + 1;
      if (!isOld && this.#seconds.size <= this.#most) return;
      this.#seconds.delete(eventId);
      this.#oldest = null;
    }
  }
}

/** How long the second copy may take. */
const WITHIN_MS = 2_000;
/** Lines that are remembered, at the most. */
const REMEMBERED = 4_096;

/** Whether a kind of event belongs to an appender; the other one sends it only when its filters match too. */
function isOwn(kind: Kind, via: Via): boolean {
  if (via === 'session') return kind === 'session_start' || kind === 'session_stop';
  return kind === 'connection_open' || kind === 'connection_close';
}

/** The last lines of one kind: those that came through their own appender, or those that came through the other. */
class Copies {
  readonly #sums = new Float64Array(REMEMBERED);
  readonly #times = new Float64Array(REMEMBERED);
  readonly #senders: (Sender | null)[] = new Array(REMEMBERED).fill(null);
  #count = 0;

  add(sum: number, receivedAt: number, sender: Sender): void {
    const place = this.#count % REMEMBERED;
    this.#sums[place] = sum;
    this.#times[place] = receivedAt;
    this.#senders[place] = sender;
    this.#count += 1;
  }

  /** Uses up the latest copy that fits; false where there is none. */
  use(sum: number, receivedAt: number, sender: Sender): boolean {
    for (let n = this.#count - 1; n >= Math.max(0, this.#count - REMEMBERED); n -= 1) {
      const place = n % REMEMBERED;
      if (Math.abs(receivedAt - (this.#times[place] as number)) > WITHIN_MS) return false;
      if (this.#sums[place] !== sum || this.#senders[place]?.address !== sender.address) continue;
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

  /** `checksum`: 32 bits of a text; the length is compared besides. */
  constructor(checksum: (text: string) => number) {
    this.#checksum = checksum;
  }

  /** True where the line is the second copy of one already seen; each copy is used up once. */
  isTwin(line: ParsedLine, sender: Sender): boolean {
    if (line.via === null) return false;
    const body = line.line.slice(line.bodyAt);
    const sum = this.#checksum(body) + body.length * 2 ** 32;
    const isOwnLine = isOwn(line.kind, line.via);
    const same = isOwnLine ? this.#own : this.#other;
    const opposite = isOwnLine ? this.#other : this.#own;
    if (!opposite.isStale(line.receivedAt) && opposite.use(sum, line.receivedAt, sender)) return true;
    same.add(sum, line.receivedAt, sender);
    return false;
  }
}
