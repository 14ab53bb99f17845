import { numberText } from '../../words/numbers.ts';
import { timeText } from '../../words/time.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** What stands below an axis of time, `apartMs` apart: times of day, and the day where a new one begins. */
export function timeLabels(times: readonly number[], apartMs: number): string[] {
  return times.map((at, place) => {
    const day = timeText(at, 'day');
    if (apartMs >= DAY_MS) return day;
    const clock = timeText(at, apartMs < MINUTE_MS ? 'clock' : 'minute');
    const before = times[place - 1];
    return before !== undefined && timeText(before, 'day') === day ? clock : `${clock}\n${day}`;
  });
}

/** American, whose million is a capital M and no metre. */
const COMPACT = new Intl.NumberFormat('en-US', { notation: 'compact', maximumFractionDigits: 1 });

/** A number beside an axis, which has room for six characters. */
export function amountLabel(amount: number): string {
  return Math.abs(amount) < 100_000 ? numberText(amount) : COMPACT.format(amount);
}

/** Steps of an axis of whole things. */
export const WHOLE_STEPS: readonly number[] = Array.from({ length: 10 }, (_, power) =>
  [1, 2, 5].map((digit) => digit * 10 ** power),
).flat();

const TOPS = [1, 1.5, 2, 3, 4, 5, 6, 8, 10];
const LEAST_TOP = 5;

/** Where an axis ends that begins at 0: a round number with a little room, so that it does not move with every point. */
export function axisTop(most: number): number {
  const needed = most * 1.05;
  if (needed <= LEAST_TOP) return LEAST_TOP;
  const size = 10 ** Math.floor(Math.log10(needed));
  return (TOPS.find((top) => top * size >= needed) ?? 10) * size;
}
