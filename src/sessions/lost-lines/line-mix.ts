import type { Kind } from '../../contract/event.ts';

/** So many lines say what is usual at present; what came before them counts half, then a quarter. */
const PRESENT_LINES = 200;
/** As long as few lines have come, it is as if there had been so many that each began or ended a session. */
const DOUBTED_LINES = 4;

/** What lines that nobody has read did to the number of sessions, as far as those tell that came. */
export interface LikelyChange {
  /** Starts less Stops. */
  readonly mean: number;
  readonly variance: number;
  /** Stops among them. */
  readonly stops: number;
}

/** How many of a host's numbered lines begin a session, and how many end one. */
export class LineMix {
  lines = 0;
  starts = 0;
  stops = 0;
  /** Lines that have not come. */
  lost = 0;

  arrived(kind: Kind | null): void {
    this.lines += 1;
    if (kind === 'session_start') this.starts += 1;
    else if (kind === 'session_stop') this.stops += 1;
    if (this.lines < PRESENT_LINES) return;
    this.lines /= 2;
    this.starts /= 2;
    this.stops /= 2;
    this.lost /= 2;
  }

  /** Lines are lost whatever they say: each is like one of those that came, drawn by chance. */
  of(lines: number): LikelyChange {
    const known = this.lines + DOUBTED_LINES;
    const share = (this.starts + this.stops + DOUBTED_LINES) / known;
    // The mix is known from those alone that came.
    const unsure = 1 + this.lost / known;
    const one = lines / known;
    return {
      mean: one * (this.starts - this.stops),
      variance: lines * share * unsure,
      stops: one * this.stops,
    };
  }
}
