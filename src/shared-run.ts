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
