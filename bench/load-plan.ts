import type { StreamPlan } from './streams.ts';

/** What the sender process is asked to send, over loopback. */
export interface LoadPlan {
  readonly port: number;
  readonly stream: StreamPlan;
  /** Datagrams. */
  readonly count: number;
  /** Datagrams a second in ticks of 1 ms; null is back to back. */
  readonly rate: number | null;
}

/** What the sender process says of itself when everything is sent. */
export interface LoadReport {
  /** Datagrams that the kernel took. */
  readonly sent: number;
  /** Datagrams that the kernel refused. Anything but 0 makes the measurement void. */
  readonly failed: number;
  /** From the first to the last datagram. */
  readonly seconds: number;
  /** Datagrams in the largest tick: how far the sender ever fell behind and caught up. */
  readonly largestTick: number;
}

/** Messages between the bench and the sender process, in this order. */
export type FromLoad = { readonly type: 'ready' } | { readonly type: 'report'; readonly report: LoadReport };
export type ToLoad = { readonly type: 'plan'; readonly plan: LoadPlan } | { readonly type: 'go' };
