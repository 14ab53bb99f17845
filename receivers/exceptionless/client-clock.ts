/** What is less may be the way here. */
const NOTEWORTHY_MS = 60_000;
/** The lag of a clock that is wrong stays the same for so long; that of what was held back shrinks as it comes. */
const STEADY_MS = 60_000;
const STEADY_WITHIN_MS = 5_000;
const MOST_CLIENTS = 10_000;

/** The two smallest lags of the posts of one client, and when its first post came. */
interface Lags {
  readonly since: number;
  least: number;
  second: number;
}

/**
 * How far the clocks of clients are behind ours, by the lag of their posts: arrival less the newest date in it. Nothing is newer
 * than its post, so a negative lag is sure. A positive one is that of the clock where two posts that are a minute apart agree.
 */
export class ClientClocks {
  /** In the order in which they were heard last. */
  readonly #lags = new Map<string, Lags>();

  /** Takes the lag of a post, and says by how much the dates of the client are too early; 0 while that is not known. */
  offsetMs(client: string, receivedAt: number, lagMs: number): number {
    const lags = this.#lags.get(client) ?? { since: receivedAt, least: Infinity, second: Infinity };
    this.#lags.delete(client);
    this.#lags.set(client, lags);
    if (this.#lags.size > MOST_CLIENTS) this.#lags.delete(this.#lags.keys().next().value ?? '');
    if (lagMs < lags.least) {
      lags.second = lags.least;
      lags.least = lagMs;
    } else if (lagMs < lags.second) lags.second = lagMs;
    if (lags.least < -NOTEWORTHY_MS) return lags.least;
    const isSteady = receivedAt - lags.since >= STEADY_MS && lags.second - lags.least <= STEADY_WITHIN_MS;
    return isSteady && lags.least > NOTEWORTHY_MS ? lags.least : 0;
  }
}
