import type { UserEvent } from '../../contract/event.ts';
import type { LikelyChange } from '../lost-lines/line-mix.ts';

/** Between which numbers the sessions of a host are, but for chance. */
export interface LikelyRange {
  readonly low: number;
  readonly high: number;
  /** Of either end. */
  readonly variance: number;
}

/** What a checkpoint keeps. */
export type BalanceState = Pick<
  Balance,
  'base' | 'change' | 'variance' | 'heardSince' | 'timedOut' | 'lostStops' | 'untoldAt'
>;

/** How many standard deviations chance may do. Blind losses would do so once in 15,000 times, those in bursts more often. */
export const DEVIATIONS = 4;

/**
 * How many sessions a host has by its Starts and Stops alone: as many as there were at a moment at which that was known
 * (`base`), one more for each Start since and one less for each Stop, those included that lost lines are likely to have been.
 */
export class Balance {
  base: { readonly low: number; readonly high: number } | null = null;
  change = 0;
  variance = 0;
  /** Arrival of the first line. */
  heardSince: number | null = null;
  /** Sessions that we timed out, and Stops that are likely to be lost: not more of the former, where Sense says each end. */
  timedOut = 0;
  lostStops = 0;
  /** Our clock when there were more. */
  untoldAt: number | null = null;

  note({ kind, receivedAt }: Pick<UserEvent, 'kind' | 'receivedAt'>): void {
    this.heardSince ??= receivedAt;
    if (this.base === null) return;
    if (kind === 'session_start') this.change += 1;
    else if (kind === 'session_stop') this.change -= 1;
  }

  /** Lines are lost, or one has come after all, where the variance is negative. */
  lose({ mean, variance, stops }: LikelyChange): void {
    if (this.base !== null) {
      this.change += mean;
      this.variance = Math.max(0, this.variance + variance);
    }
    this.lostStops = Math.max(0, this.lostStops + stops);
  }

  /** A session has ended for want of a line, though lines of the host came when its Stop was due. */
  timeOut(now: number): void {
    this.timedOut += 1;
    if (this.timedOut <= this.lostStops + DEVIATIONS * Math.sqrt(this.lostStops)) return;
    this.untoldAt = now;
    this.begin(null);
  }

  /** It had not. */
  takeBackTimeOut(): void {
    this.timedOut = Math.max(0, this.timedOut - 1);
  }

  /** Begins anew with what is known for sure; null where nothing is. */
  begin(base: Balance['base']): void {
    this.base = base;
    this.change = 0;
    this.variance = 0;
    if (base === null || base.low < base.high) return;
    this.timedOut = 0;
    this.lostStops = 0;
  }

  /** Null where nothing can be said. */
  get range(): LikelyRange | null {
    const { base, change, variance } = this;
    return base === null ? null : { low: base.low + change, high: base.high + change, variance };
  }
}
