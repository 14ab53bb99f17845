import type { CentreStats } from '../contract/centres/centre.ts';

/** Who was not heard of for so long is not added up. A centre says something each second. */
export const FRESH_MS = 2_000;
/** So long a claim keeps those before it out, although nothing more is heard of it. */
const REMEMBERED_MS = 10_000;
/** One more makes room of the one that has been silent for longest. */
const MOST_CENTRES = 512;

export interface Claim<Counts> {
  readonly centre: string;
  readonly partitions: readonly number[];
  /** Null where it claims nothing. */
  readonly term: number | null;
  /** Whether nobody else can have them. */
  readonly isSure: boolean;
  readonly counts: Counts | null;
  /** Of the monotonic clock of whoever heard it, in milliseconds. */
  readonly heardAt: number;
}

/** Who answers for which partitions at a moment. */
export interface Ownership<Counts> {
  /** No partition is with two of them. */
  readonly owners: readonly Claim<Counts>[];
  /** Partitions whose owner was not heard of, or is not sure whether it still is, in order. */
  readonly missing: readonly number[];
}

/**
 * What centres say they have. Two may believe that they have the same partition, when one of them was cut off or stood still: the one that
 * got it later, by the number of its lease, is right, so each partition is with one of them at most in whatever is made of this.
 */
export class Claims<Counts> {
  readonly #claims = new Map<string, Claim<Counts>>();
  readonly #self: string;

  constructor(self: string) {
    this.#self = self;
  }

  hear(claim: Claim<Counts>): void {
    // The last one is the one that was heard last.
    this.#claims.delete(claim.centre);
    this.#claims.set(claim.centre, claim);
    const [oldest] = this.#claims.keys();
    if (this.#claims.size > MOST_CENTRES && oldest !== undefined) this.#claims.delete(oldest);
  }

  /** What we said ourselves last; null before that. */
  get ownClaim(): Claim<Counts> | null {
    return this.#claims.get(this.#self) ?? null;
  }

  /** Whether it was heard of lately, as owner or not. */
  isThere(centre: string, now: number): boolean {
    const claim = this.#claims.get(centre);
    return claim !== undefined && isFresh(claim, now);
  }

  of(partitionCount: number, now: number): Ownership<Counts> {
    const taken = new Set<number>();
    const owners: Claim<Counts>[] = [];
    for (const claim of this.#inOrder(now)) {
      if (claim.partitions.some((partition) => taken.has(partition))) continue;
      for (const partition of claim.partitions) taken.add(partition);
      if (isFresh(claim, now)) owners.push(claim);
    }
    const covered = new Set(owners.flatMap(({ partitions, isSure }) => (isSure ? partitions : [])));
    const all = Array.from({ length: partitionCount }, (_, partition) => partition);
    return { owners, missing: all.filter((partition) => !covered.has(partition)) };
  }

  stats(now: number): CentreStats[] {
    const owning = new Set(this.of(0, now).owners.map(({ centre }) => centre));
    const told = [...this.#claims.values()].map((claim): CentreStats => {
      const { centre, partitions, term, isSure, heardAt } = claim;
      const secondsAgo = Math.max(0, Math.round((now - heardAt) / 100) / 10);
      return {
        ...{ centre, isSelf: centre === this.#self, partitions, term, isSure, secondsAgo },
        state: stateOf(claim, isFresh(claim, now), owning.has(centre)),
      };
    });
    return told.sort(
      (a, b) => (a.partitions[0] ?? 0) - (b.partitions[0] ?? 0) || (a.centre < b.centre ? -1 : 1),
    );
  }

  /** The latest lease first. */
  #inOrder(now: number): Claim<Counts>[] {
    return [...this.#claims.values()]
      .filter(({ term, heardAt }) => term !== null && now - heardAt < REMEMBERED_MS)
      .sort((a, b) => (b.term ?? 0) - (a.term ?? 0) || (a.centre < b.centre ? -1 : 1));
  }
}

function isFresh({ heardAt }: Claim<unknown>, now: number): boolean {
  return now - heardAt < FRESH_MS;
}

function stateOf({ term }: Claim<unknown>, isHeard: boolean, owns: boolean): CentreStats['state'] {
  if (!isHeard) return 'silent';
  if (owns) return 'owner';
  return term === null ? 'standby' : 'former';
}
