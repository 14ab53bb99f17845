import type { Downtimes } from './downtimes.ts';
import type { LostLines } from './lost-lines/lost-lines.ts';

export const QUALITY_REASONS = ['warming_up', 'downtime', 'drops', 'gap'] as const;
export type QualityReason = (typeof QUALITY_REASONS)[number];

export const QUALITIES = ['exact', 'estimated'] as const;
export interface QualityStatement {
  readonly quality: (typeof QUALITIES)[number];
  readonly reasons: readonly QualityReason[];
}

/**
 * How right the counts are. After a first start, a time without the program, or lost datagrams they are
 * estimates until a full time-out has passed: by then whoever was missed has been seen or timed out.
 */
export class Quality {
  readonly #settleMs: number;
  readonly #downtimes: Downtimes;
  readonly #rowNumbers: LostLines;
  /** When the store began. */
  since = 0;
  #droppedAt: number | null = null;

  constructor(settleMs: number, downtimes: Downtimes, rowNumbers: LostLines) {
    this.#settleMs = settleMs;
    this.#downtimes = downtimes;
    this.#rowNumbers = rowNumbers;
  }

  /** Datagrams are known to be lost. */
  dropped(now: number): void {
    this.#droppedAt = now;
  }

  get droppedAt(): number | null {
    return this.#droppedAt;
  }

  set droppedAt(at: number | null) {
    this.#droppedAt = at;
  }

  /** Of the numbers over all. */
  at(now: number): QualityStatement {
    return this.#statement(now, this.#rowNumbers.gapAt);
  }

  /** Of one host's numbers: lines that another host lost do not touch them. */
  ofHost(host: string, now: number): QualityStatement {
    return this.#statement(now, this.#rowNumbers.gapAtOf(host));
  }

  #statement(now: number, gapAt: number | null): QualityStatement {
    const unsettled = (at: number | null) => at !== null && now - at < this.#settleMs;
    const reasons: QualityReason[] = [];
    if (unsettled(this.since)) reasons.push('warming_up');
    if (this.#downtimes.list.some((each) => unsettled(each.to))) reasons.push('downtime');
    if (unsettled(this.#droppedAt)) reasons.push('drops');
    if (unsettled(gapAt)) reasons.push('gap');
    return { quality: reasons.length === 0 ? 'exact' : 'estimated', reasons };
  }
}
