import { networkOf } from '../../src/contract/host.ts';

const MINUTE_MS = 60_000;
/** Those of which nothing was heard for longest make room. */
const MOST_SENDERS = 10_000;

interface Sender {
  /** When everything that it has sent is made good, by our clock. */
  freeAt: number;
  heardAt: number;
}

/**
 * How much one address may send with one key: a minute's worth at once, which comes again evenly. Of IPv6 all addresses of one
 * /64 are one.
 */
export class AddressLimit {
  readonly #msOfEvent: number;
  /** By key and network, in the order in which they were heard last. */
  readonly #senders = new Map<string, Sender>();
  #latest: Sender | null = null;

  constructor(perMinute: number) {
    this.#msOfEvent = MINUTE_MS / perMinute;
  }

  /** Milliseconds until `key` may send from `address` again; 0 where it may now. */
  waitMs(key: string, address: string, now: number): number {
    const { freeAt } = this.#of(key, address, now);
    return Math.max(0, Math.ceil(freeAt + this.#msOfEvent - MINUTE_MS - now));
  }

  /** So many were sent. More than are left are owed: what has come is never sent away in part. */
  took(key: string, address: string, now: number, events: number): void {
    const sender = this.#of(key, address, now);
    sender.freeAt = Math.max(sender.freeAt, now) + events * this.#msOfEvent;
  }

  #of(key: string, address: string, now: number): Sender {
    const name = `${key}\n${networkOf(address)}`;
    const sender = this.#senders.get(name) ?? { freeAt: now, heardAt: now };
    // A clock that was set back gives nothing, and takes nothing.
    sender.freeAt -= Math.max(0, sender.heardAt - now);
    sender.heardAt = now;
    // Most that come have just been heard.
    if (sender === this.#latest) return sender;
    this.#latest = sender;
    this.#senders.delete(name);
    this.#senders.set(name, sender);
    if (this.#senders.size > MOST_SENDERS) this.#senders.delete(this.#senders.keys().next().value ?? '');
    return sender;
  }
}
