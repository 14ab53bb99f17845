import { offsetOf, timeOfClock } from '../words/zone.ts';

const [SECOND, MINUTE, HOUR, DAY] = [1000, 60_000, 3_600_000, 86_400_000];

/** Steps that clocks are read by, in milliseconds. */
const STEPS = [
  ...[1, 2, 5, 10, 15, 30].map((seconds) => seconds * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * MINUTE),
  ...[1, 2, 3, 6, 12].map((hours) => hours * HOUR),
  ...[1, 2, 7, 14, 28].map((days) => days * DAY),
];

export interface Ticks {
  /** Milliseconds since 1970 UTC. */
  readonly times: readonly number[];
  /** As `timeText` has it. */
  readonly form: 'clock' | 'minute' | 'day';
}

/** Round times on the clocks of a zone (IANA name) that divide a range, `most` at most. */
export function ticksOf(from: number, to: number, most: number, zone: string): Ticks {
  const step =
    STEPS.find((each) => (to - from) / each <= most - 1) ?? Math.ceil((to - from) / (most - 1) / DAY) * DAY;
  const times: number[] = [];
  let shown = Math.ceil((from + offsetOf(from, zone)) / step) * step;
  // Clocks that are put forward or back meanwhile show up to a day more or less.
  for (const last = to + DAY + offsetOf(to, zone); shown <= last && times.length < most; shown += step) {
    const time = timeOfClock(shown, zone);
    if (time !== null && time > to) break;
    if (time !== null && time >= from) times.push(time);
  }
  return { times, form: step < MINUTE ? 'clock' : step < DAY ? 'minute' : 'day' };
}
