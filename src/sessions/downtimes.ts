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

  /** When so many milliseconds have passed since `moment` in which it ran, where nothing that was due before a downtime is looked at after it. */
  after(moment: number, ms: number): number {
    return moment + ms + this.since(moment);
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

/** Those of another Headcount, which are known before what was due before them is looked at. */
export class DowntimesElsewhere extends Downtimes {
  override after(moment: number, ms: number): number {
    let due = moment + ms;
    for (const { from, to } of this.list) {
      if (from >= due) break;
      due += Math.max(0, to - Math.max(from, moment));
    }
    return due;
  }
}
