import { lookup as systemLookup } from 'node:dns/promises';
import type { ReceiverParts } from '../src/contract/receiver.ts';
import type { AllowedEntry, AllowedNetwork } from './allow.schema.ts';
import { type Allowed, AllowedSenders } from './allowed-senders.ts';

/** All addresses of a name, or rejects. */
export type Lookup = (name: string) => Promise<readonly string[]>;

/** A name server that is silent holds up the start for so long; its names are allowed when it answers. */
const FIRST_ANSWER_MS = 5000;

/** Who may send to a receiver. An empty list is everyone; whoever is not understood is nobody. */
export class AllowList {
  /** Called when a name stands for other addresses than before. */
  onChange: () => void = () => {};
  readonly #everyone: boolean;
  readonly #parts: ReceiverParts;
  readonly #lookup: Lookup;
  readonly #networks: readonly AllowedNetwork[];
  /** The last good answer for each name; null while there was none. */
  readonly #names = new Map<string, readonly string[] | null>();
  /** Names whose last lookup failed. */
  readonly #failing = new Set<string>();
  #senders: AllowedSenders;
  #refreshing: Promise<void> | null = null;

  constructor(entries: readonly AllowedEntry[], parts: ReceiverParts, lookup: Lookup = everyAddress) {
    this.#everyone = entries.length === 0;
    this.#parts = parts;
    this.#lookup = lookup;
    this.#networks = entries.filter((entry) => 'address' in entry);
    for (const entry of entries) if ('name' in entry) this.#names.set(entry.name, null);
    this.#senders = new AllowedSenders(this.allowed);
  }

  /** `address` as the socket gives it. */
  allows(address: string): boolean {
    return this.#senders.allows(address);
  }

  /** Who may send at the moment. */
  get allowed(): Allowed {
    const addresses = [...this.#names.values()].flatMap((each) => each ?? []);
    return { everyone: this.#everyone, networks: this.#networks, addresses };
  }

  /** Looks the names up for the first time. */
  async start(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, FIRST_ANSWER_MS);
    });
    await Promise.race([this.refresh(), late]);
    clearTimeout(timer);
    for (const [name, addresses] of this.#names) {
      if (addresses === null) this.#complain(name, 'no answer yet');
    }
  }

  /** Looks the names up again, one at a time: lookups that hang must not hold up the rest of the program. */
  refresh(): Promise<void> {
    this.#refreshing ??= this.#refresh().finally(() => {
      this.#refreshing = null;
    });
    return this.#refreshing;
  }

  async #refresh(): Promise<void> {
    for (const name of this.#names.keys()) {
      try {
        const addresses = (await this.#lookup(name)).toSorted();
        if (addresses.length === 0) throw new Error('no address');
        this.#failing.delete(name);
        if (addresses.join() === this.#names.get(name)?.join()) continue;
        this.#names.set(name, addresses);
        this.#parts.log.info({ receiver: this.#parts.name, name, addresses }, 'a name of "allow" stands for');
        this.#senders = new AllowedSenders(this.allowed);
        this.onChange();
      } catch (error) {
        this.#complain(name, error instanceof Error ? error.message : String(error));
      }
    }
  }

  #complain(name: string, error: string): void {
    if (this.#failing.has(name)) return;
    this.#failing.add(name);
    const kept = this.#names.get(name) ?? null;
    const fields = { receiver: this.#parts.name, name, error, allowed: kept ?? [] };
    const what = kept === null ? 'nobody is allowed by it until it can' : 'its last addresses stay allowed';
    this.#parts.log.warn(fields, `a name of "allow" cannot be looked up: ${what}`);
  }
}

async function everyAddress(name: string): Promise<string[]> {
  return (await systemLookup(name, { all: true })).map(({ address }) => address);
}
