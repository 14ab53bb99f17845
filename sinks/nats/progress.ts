import type { EdgeReport } from '../../src/contract/sites/forwarding.ts';

/** While the far side is away they pile up: some between the oldest and the newest are enough. */
const MOST_REPORTS = 60;

/** Knows which of the reports of this Headcount the stream has reached: everything accepted by then is in it. */
export class Progress {
  readonly #reports: EdgeReport[] = [];
  #caughtUpTo = 0;
  latest: EdgeReport | null = null;

  /** `done`: number up to which everything is in the stream. Returns the moment, by our clock. */
  note(report: EdgeReport, done: number): number {
    this.latest = report;
    if (this.#reports.at(-1)?.at !== report.at) this.#reports.push(report);
    if (this.#reports.length > MOST_REPORTS) this.#reports.splice(1, 1);
    const reached = this.#reports.findLastIndex(({ head }) => head <= done);
    this.#caughtUpTo = this.#reports[reached]?.at ?? this.#caughtUpTo;
    this.#reports.splice(0, reached);
    return this.#caughtUpTo;
  }
}
