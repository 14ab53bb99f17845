import type { ReceiverParts } from './receiver-log.ts';

const MINUTE_MS = 60_000;

interface Refused {
  count: number;
  unlogged: number;
  loggedAt: number;
}

/** Counts what a receiver refuses, by reason. */
export class Refusals {
  readonly #parts: ReceiverParts;
  readonly #byReason = new Map<string, Refused>();

  constructor(parts: ReceiverParts) {
    this.#parts = parts;
  }

  get counts(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#byReason].map(([reason, { count }]) => [reason, count]));
  }

  /** For what is logged elsewhere. */
  count(reason: string): Refused {
    const refused = this.#byReason.get(reason) ?? {
      count: 0,
      unlogged: 0,
      loggedAt: Number.NEGATIVE_INFINITY,
    };
    this.#byReason.set(reason, refused);
    refused.count += 1;
    return refused;
  }

  /** Counts, and logs: at once what is new, then at most once a minute, with the latest as a sample. */
  add(reason: string, address: string, detail: object = {}): void {
    const refused = this.count(reason);
    refused.unlogged += 1;
    const now = this.#parts.now();
    // A clock that was set back must not keep the log silent.
    if (Math.abs(now - refused.loggedAt) < MINUTE_MS) return;
    const fields = { receiver: this.#parts.name, reason, count: refused.unlogged, address, ...detail };
    this.#parts.log.warn(fields, 'refused');
    refused.unlogged = 0;
    refused.loggedAt = now;
  }
}
