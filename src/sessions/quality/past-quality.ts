import type { Downtimes } from '../downtimes.ts';
import { QUALITIES, QUALITY_REASONS, type QualityStatement } from './quality.ts';

/** Why nobody knows who was on at a moment. */
export const UNKNOWN_REASONS = ['before_store', 'not_running', 'future'] as const;
/** `forgotten`: how right the counts were then is not remembered any more. */
export const MOMENT_REASONS = [...QUALITY_REASONS, ...UNKNOWN_REASONS, 'forgotten'] as const;
export const MOMENT_QUALITIES = [...QUALITIES, 'unknown'] as const;

/** How right it is what the store says of one moment. */
export interface MomentStatement {
  readonly quality: (typeof MOMENT_QUALITIES)[number];
  readonly reasons: readonly (typeof MOMENT_REASONS)[number][];
}

/** From when on the counts were so right, until the next change. Milliseconds since 1970 UTC. */
export interface QualityChange extends Pick<QualityStatement, 'quality' | 'reasons'> {
  readonly from: number;
}

const MOST_CHANGES = 500;
/** A loss is noticed so late at most: row numbers are waited for, and drops are looked at once a second. */
const NOTICED_WITHIN_MS = 10_000;

/** Remembers how right the counts were, so that an answer about a past moment says it. */
export class PastQuality {
  readonly #downtimes: Downtimes;
  #changes: QualityChange[] = [];

  constructor(downtimes: Downtimes) {
    this.#downtimes = downtimes;
  }

  get changes(): readonly QualityChange[] {
    return this.#changes;
  }

  restore(changes: readonly QualityChange[]): void {
    this.#changes = [...changes];
  }

  /** To be called once a second with what is said of the counts then. */
  note(now: number, { quality, reasons }: Omit<QualityChange, 'from'>): void {
    // Only where the clock was set back.
    if ((this.#changes.at(-1)?.from ?? 0) > now)
      this.#changes = this.#changes.filter(({ from }) => from <= now);
    const last = this.#changes.at(-1);
    if (last?.quality === quality && String(last.reasons) === String(reasons)) return;
    this.#changes = [...this.#changes, { from: now, quality, reasons }].slice(-MOST_CHANGES);
  }

  /** `since`: when the store began. */
  of(moment: number, since: number, now: number): MomentStatement {
    if (moment > now) return unknown('future');
    if (moment < since) return unknown('before_store');
    if (this.#downtimes.list.some(({ from, to }) => from <= moment && moment < to)) {
      return unknown('not_running');
    }
    const first = this.#changes[0]?.from ?? Number.POSITIVE_INFINITY;
    // A store is as it is first noted from its beginning on; without that note the beginning is missing.
    const isKept = moment >= first || first - since <= NOTICED_WITHIN_MS;
    if (!isKept || moment < this.#downtimes.rememberedFrom) {
      return { quality: 'estimated', reasons: ['forgotten'] };
    }
    return worst(this.#during(moment, Math.max(moment + NOTICED_WITHIN_MS, first)));
  }

  /** What held at some moment in a time. */
  #during(from: number, to: number): QualityChange[] {
    return this.#changes.filter((change, place) => {
      const until = this.#changes[place + 1]?.from ?? Number.POSITIVE_INFINITY;
      return change.from <= to && until > from;
    });
  }
}

function unknown(reason: (typeof UNKNOWN_REASONS)[number]): MomentStatement {
  return { quality: 'unknown', reasons: [reason] };
}

/** The worst quality, with the reasons of all that are as bad. */
function worst(statements: readonly QualityChange[]): MomentStatement {
  const rank = Math.max(...statements.map(({ quality }) => QUALITIES.indexOf(quality)));
  const quality = QUALITIES[rank] ?? 'estimated';
  const given = new Set(
    statements.filter((each) => each.quality === quality).flatMap(({ reasons }) => reasons),
  );
  return { quality, reasons: QUALITY_REASONS.filter((reason) => given.has(reason)) };
}
