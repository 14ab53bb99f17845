import type { LeaseStore } from '../contract/centres/centre.ts';

/** Another one takes it where nothing was written for so long ... */
export const LOST_AFTER_MS = 5_000;
/** ... and whoever has it is not sure of it any more a second before that. */
export const HOLDS_MS = 4_000;

/** So much later whoever has yet to catch up takes one, for one who has not to be faster. */
const LATER_MS = 3_000;

/** What became of a turn. */
export type LeaseNews = 'taken' | 'lost' | null;

interface Own {
  readonly term: number;
  revision: number;
  renewedAt: number;
}

/**
 * The right to answer for some partitions, which one of those who follow them has. It is what was written last under its name: whoever has it
 * writes it again each second, with the revision of before, and whoever has not looks whether that still happens. Time is that of one's
 * own monotonic clock alone, in milliseconds, and no two are compared: that a clock of day is set does not matter.
 */
export class Lease {
  readonly name: string;
  readonly #text: string;
  readonly #clock: () => number;
  /** What was seen of it last while somebody else had it, and since when it is the same. */
  #seen: { readonly revision: number; readonly since: number } | null = null;
  #own: Own | null = null;
  #owner: string | null = null;

  /** `instance`: unlike any other process, also one of the same centre that ran before. */
  constructor(name: string, centre: string, instance: string, clock: () => number) {
    this.name = name;
    this.#text = JSON.stringify({ centre, instance });
    this.#clock = clock;
  }

  /** The number of the lease, the revision at which it was taken, until it is known that another one has it. */
  get term(): number | null {
    return this.#own?.term ?? null;
  }

  /** Whether nobody else can have it. */
  get isSure(): boolean {
    return this.#own !== null && this.#clock() - this.#own.renewedAt < HOLDS_MS;
  }

  /** The text of whoever has it, as seen last; null where nobody has, or we do. */
  get owner(): string | null {
    return this.#owner;
  }

  /**
   * To be called about once a second, and never twice at once. Rejects where nobody answers: then nothing is known to have changed.
   * `isReady`: false where we would have little to answer.
   */
  async turn(store: LeaseStore, isReady = true): Promise<LeaseNews> {
    return this.#own === null ? this.#look(store, isReady) : this.#renew(store, this.#own);
  }

  /** For others to take it at once. */
  async giveBack(store: LeaseStore): Promise<void> {
    const own = this.#own;
    this.#own = null;
    if (own !== null) await store.write(this.name, null, own.revision);
  }

  async #renew(store: LeaseStore, own: Own): Promise<LeaseNews> {
    // It holds from before it was asked for: an answer may take its time.
    const askedAt = this.#clock();
    const revision = await store.write(this.name, this.#text, own.revision);
    if (revision !== null) {
      own.revision = revision;
      own.renewedAt = askedAt;
      return null;
    }
    const kept = await store.read(this.name);
    // Written by us, without an answer to it.
    if (kept.text === this.#text) {
      own.revision = kept.revision;
      return null;
    }
    this.#own = null;
    this.#see(kept.revision, kept.text);
    return 'lost';
  }

  async #look(store: LeaseStore, isReady: boolean): Promise<LeaseNews> {
    const kept = await store.read(this.name);
    const since = this.#see(kept.revision, kept.text);
    const hasOwner = kept.text !== null && kept.text !== this.#text;
    const waitMs = (hasOwner ? LOST_AFTER_MS : 0) + (isReady ? 0 : LATER_MS);
    if (this.#clock() - since < waitMs) return null;
    const askedAt = this.#clock();
    const revision = await store.write(this.name, this.#text, kept.revision);
    if (revision === null) return null;
    this.#own = { term: revision, revision, renewedAt: askedAt };
    this.#owner = null;
    return 'taken';
  }

  /** Since when it is the same. */
  #see(revision: number, text: string | null): number {
    this.#owner = text;
    if (this.#seen?.revision !== revision) this.#seen = { revision, since: this.#clock() };
    return this.#seen.since;
  }
}
