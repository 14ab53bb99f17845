/** When streams are told what there is. */
export interface StreamTiming {
  /** At least so long between two looks at what was committed: events that come in between are sent together. */
  readonly lookEveryMs: number;
  /** Counts go out at most so often. */
  readonly countsEveryMs: number;
  /**
   * Counts are sent at least every so many times, so that a client soon sees that nothing comes any more. Proxies, too, close
   * connections on which nothing moves.
   */
  readonly aliveEvery: number;
  /** The next look after one that failed is so much later. */
  readonly retryMs: number;
}

export const TIMING: StreamTiming = { lookEveryMs: 100, countsEveryMs: 1_000, aliveEvery: 3, retryMs: 1_000 };
