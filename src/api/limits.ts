/** How long a client may take, in milliseconds. */
export interface ApiLimits {
  /** For one whole request to come in. */
  readonly requestTimeoutMs: number;
  /** For a connection on which nothing moves, an answer in the making included. */
  readonly connectionTimeoutMs: number;
  /** Longer than the idle time of the usual reverse proxies, so that they close first. */
  readonly keepAliveTimeoutMs: number;
}

export const API_LIMITS: ApiLimits = {
  requestTimeoutMs: 30_000,
  connectionTimeoutMs: 120_000,
  keepAliveTimeoutMs: 75_000,
};
