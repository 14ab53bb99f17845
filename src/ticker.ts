const TICK_MS = 1_000;
/** After the full second, so that a step is closed when it is over. */
const AFTER_MS = 5;

/** Calls back shortly after each full second of the clock, until it is stopped. `now`: ms since 1970 UTC. */
export class Ticker {
  readonly #now: () => number;
  readonly #tick: () => void;
  #timer: NodeJS.Timeout | null = null;

  constructor(now: () => number, tick: () => void) {
    this.#now = now;
    this.#tick = tick;
  }

  start(): void {
    this.#timer = setTimeout(
      () => {
        this.#tick();
        this.start();
      },
      TICK_MS - (this.#now() % TICK_MS) + AFTER_MS,
    );
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
  }
}
