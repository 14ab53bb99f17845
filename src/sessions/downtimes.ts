/** From and to, milliseconds since 1970 UTC. */
export interface Downtime {
  readonly from: number;
  readonly to: number;
}

const MOST = 1_000;

/** The times in which Headcount did not run: what stayed silent then was not idle. */
export class Downtimes {
  #list: Downtime[] = [];

  get list(): readonly Downtime[] {
    return this.#list;
  }

  /** Of a moment before, it is not known whether Headcount ran. */
  get rememberedFrom(): number {
    return this.#list.length < MOST ? Number.NEGATIVE_INFINITY : (this.#list[0]?.from ?? 0);
  }

  add(from: number, to: number): void {
    // A clock that was set back must not count the same time twice.
    const begin = Math.max(from, this.#list.at(-1)?.to ?? from);
    if (to <= begin) return;
    this.#list = [...this.#list, { from: begin, to }].slice(-MOST);
  }

  /**
   * The clock was set back to `now`: what was taken for a downtime after it had not passed in
   * truth. Returns true where that was so.
   */
  clip(now: number): boolean {
    if ((this.#list.at(-1)?.to ?? now) <= now) return false;
    this.#list = this.#list
      .map(({ from, to }) => ({ from, to: Math.min(to, now) }))
      .filter(({ from, to }) => from < to);
    return true;
  }

  restore(list: readonly Downtime[]): void {
    this.#list = [...list];
  }

  /** How many milliseconds of downtime lie after `moment`. */
  since(moment: number): number {
    let sum = 0;
    for (let place = this.#list.length - 1; place >= 0; place -= 1) {
      const { from, to } = this.#list[place] as Downtime;
      if (to <= moment) break;
      sum += to - Math.max(from, moment);
    }
    return sum;
  }
}
