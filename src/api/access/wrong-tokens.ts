import { networkOf } from '../../contract/host.ts';

const MINUTE_MS = 60_000;
/** A person who pastes the wrong one tries less often, and so does a scraper with an old one. */
const MOST_A_MINUTE = 20;
/** More are forgotten, the oldest first. A request needs a connection, so nobody makes addresses up. */
const MOST_NETWORKS = 4_096;

/** Counts wrong tokens, in all and of each address within a minute of its first; IPv6 by /64. */
export class WrongTokens {
  /** Since the program started. */
  count = 0;
  readonly #now: () => number;
  /** Those whose minute began first come first. */
  readonly #networks = new Map<string, { readonly since: number; count: number }>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** `address` as the socket gives it. */
  add(address: string): void {
    this.count += 1;
    const network = networkOf(address);
    const known = this.#current(network);
    if (known !== undefined) known.count += 1;
    else this.#enter(network);
  }

  /** Seconds until the minute of an address that gave too many is over, else 0. */
  waitSeconds(address: string): number {
    const known = this.#current(networkOf(address));
    if (known === undefined || known.count < MOST_A_MINUTE) return 0;
    return Math.ceil((known.since + MINUTE_MS - this.#now()) / 1000);
  }

  #current(network: string) {
    const known = this.#networks.get(network);
    const age = known === undefined ? 0 : this.#now() - known.since;
    // A clock that was set back begins a new minute.
    return age >= 0 && age < MINUTE_MS ? known : undefined;
  }

  #enter(network: string): void {
    this.#networks.delete(network);
    for (const oldest of this.#networks.keys()) {
      if (this.#networks.size < MOST_NETWORKS) break;
      this.#networks.delete(oldest);
    }
    this.#networks.set(network, { since: this.#now(), count: 1 });
  }
}
