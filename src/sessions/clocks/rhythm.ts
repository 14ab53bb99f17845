/** Lines that arrive within so long of one another are one sign of life. */
const TOGETHER_MS = 1_000;
/** Of so many pauses the mean is plain; from then on each counts for one part in so many. */
const MEMORY = 32;
/** With fewer pauses nothing is usual. */
const LEAST_PAUSES = 20;
const SILENT_AFTER_MS = 60_000;
/** A pause so many times the usual one is silence. */
const SILENT_AFTER_PAUSES = 20;

/** What is remembered of the arrivals of a host's lines. Times of our own clock, milliseconds since 1970 UTC. */
export interface RhythmState {
  readonly heardAt: number;
  readonly countedAt: number;
  readonly usual: number;
  readonly pauses: number;
}

/**
 * How often lines of a host usually come, and whether they have stopped coming. The more sessions are open, the sooner a line
 * is due, so pauses are measured in milliseconds times open sessions.
 */
export class Rhythm {
  #heardAt = Number.NEGATIVE_INFINITY;
  /** Arrival of the first of the lines that came together. */
  #countedAt = Number.NEGATIVE_INFINITY;
  #usual = 0;
  #pauses = 0;

  /** A line has arrived. `open`: sessions that were open before it. */
  heard(at: number, open: number): void {
    const pauseMs = at - this.#countedAt;
    this.#heardAt = at;
    if (pauseMs >= 0 && pauseMs < TOGETHER_MS) return;
    this.#countedAt = at;
    // Where nobody is on, nothing is due. A clock that was set back tells nothing, and the first line ends no pause.
    if (open === 0 || pauseMs < 0 || pauseMs === Number.POSITIVE_INFINITY) return;
    const pause = pauseMs * open;
    // A silence must not become what is usual.
    const taken = this.#isKnown ? Math.min(pause, SILENT_AFTER_PAUSES * this.#usual) : pause;
    this.#pauses = Math.min(this.#pauses + 1, MEMORY);
    this.#usual += (taken - this.#usual) / this.#pauses;
  }

  /**
   * The arrival of the last line, where lines should have come since; else null. `open`: open sessions. `listeningSince`: before
   * that nothing could arrive.
   */
  silentSince(now: number, open: number, listeningSince: number): number | null {
    if (!this.#isKnown || open === 0) return null;
    const pauseMs = now - Math.max(this.#heardAt, listeningSince);
    const isSilent = pauseMs >= SILENT_AFTER_MS && pauseMs * open > SILENT_AFTER_PAUSES * this.#usual;
    return isSilent ? this.#heardAt : null;
  }

  get #isKnown(): boolean {
    return this.#pauses >= LEAST_PAUSES;
  }

  /** Null before the first line. */
  get state(): RhythmState | null {
    if (this.#heardAt === Number.NEGATIVE_INFINITY) return null;
    return {
      heardAt: this.#heardAt,
      countedAt: this.#countedAt,
      usual: this.#usual,
      pauses: this.#pauses,
    };
  }

  restore({ heardAt, countedAt, usual, pauses }: RhythmState): void {
    this.#heardAt = heardAt;
    this.#countedAt = countedAt;
    this.#usual = usual;
    this.#pauses = pauses;
  }
}
