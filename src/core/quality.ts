import type { Downtimes } from './downtimes.ts';

export const QUALITY_REASONS = ['warming_up', 'downtime', 'drops'] as const;
export type QualityReason = (typeof QUALITY_REASONS)[number];

export interface QualityStatement {
  readonly quality: 'exact' | 'estimated';
  readonly reasons: readonly QualityReason[];
}

/**
 * How right the counts are. After a first start, a time without the program, or lost datagrams they are
 * estimates until a full time-out has passed: by then whoever was missed has been seen or timed out.
 */
export class Quality {
  readonly #settleMs: number;
  readonly #downtimes: Downtimes;
  /** When the store began. */
  since = 0;
  #droppedAt: number | null = null;

  constructor(settleMs: number, downtimes: Downtimes) {
    this.#settleMs = settleMs;
    this.#downtimes = downtimes;
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

  at(now: number): QualityStatement {
    const reasons: QualityReason[] = [];
    if (now - this.since < this.#settleMs) reasons.push('warming_up');
    if (this.#downtimes.list.some((each) => now - each.to < this.#settleMs)) reasons.push('downtime');
    if (this.#droppedAt !== null && now - this.#droppedAt < this.#settleMs) reasons.push('drops');
    return { quality: reasons.length === 0 ? 'exact' : 'estimated', reasons };
  }
}
