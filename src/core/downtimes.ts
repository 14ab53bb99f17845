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

  add(from: number, to: number): void {
    if (to <= from) return;
    this.#list = [...this.#list, { from, to }].slice(-MOST);
  }

  restore(list: readonly Downtime[]): void {
    this.#list = [...list];
  }

  /** How many milliseconds of downtime lie after `moment`. */
  since(moment: number): number {
    let sum = 0;
    for (const { from, to } of this.#list) if (to > moment) sum += to - Math.max(from, moment);
    return sum;
  }
}
