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

/** Work that many may ask for at once: those who ask while it runs share the run that begins after it. */
export class SharedRun {
  readonly #work: () => Promise<void>;
  #running: Promise<void> | null = null;
  #next: Promise<void> | null = null;

  constructor(work: () => Promise<void>) {
    this.#work = work;
  }

  /** Resolves when a run that began after the call is done; rejects when that run failed. */
  once(): Promise<void> {
    this.#next ??= this.#after(this.#running);
    return this.#next;
  }

  async #after(before: Promise<void> | null): Promise<void> {
    // How the run before ended concerns those who wait for that one.
    await before?.catch(() => {});
    this.#next = null;
    this.#running = this.#work().finally(() => {
      this.#running = null;
    });
    return this.#running;
  }
}
