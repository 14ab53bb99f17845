const MOST_SAMPLES = 20;

/** Why Butler SOS has not told of an event. */
export type TheirCause = 'excluded' | 'no_host' | 'rate_limit' | 'burst' | 'lost';
/** Why Headcount has not told of a message. */
export type OurCause = 'excluded' | 'twice' | 'refused' | 'lost';

export interface Difference<Cause> {
  readonly cause: Cause;
  readonly count: number;
  /** The first of them, for people. */
  readonly samples: readonly string[];
}

export interface HostCounts {
  readonly ours: number;
  readonly theirs: number;
  readonly both: number;
}

export interface Report {
  readonly ours: number;
  readonly theirs: number;
  readonly both: number;
  readonly missingThere: readonly Difference<TheirCause>[];
  readonly missingHere: readonly Difference<OurCause>[];
  /** Events of ours that Butler SOS never hears of: rejected sessions, and what polls and restarts tell. */
  readonly notCompared: number;
  /** Undecided when one of both was away, or at the edges. */
  readonly undecided: number;
  /** By the field that is empty. */
  readonly notInInflux: Readonly<Record<string, number>>;
  readonly cut: number;
  /** Messages of Headcount's own sink on the same topic. */
  readonly own: number;
  readonly hosts: ReadonlyMap<string, HostCounts>;
}

/** Counts differences by their cause. */
export class Differences<Cause> {
  readonly #found = new Map<Cause, { count: number; readonly samples: string[] }>();

  add(cause: Cause, sample: string): void {
    const known = this.#found.get(cause) ?? { count: 0, samples: [] };
    known.count += 1;
    if (known.samples.length < MOST_SAMPLES) known.samples.push(sample);
    this.#found.set(cause, known);
  }

  get all(): Difference<Cause>[] {
    const all = [...this.#found].map(([cause, found]) => ({ cause, ...found }));
    return all.sort((a, b) => b.count - a.count);
  }
}
