import { between, type Random } from './random.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const STEP_MS = HOUR_MS / 12;
/** Instants are drawn in groups, one group per equal share of the work: uneven inside, exact on average. */
const GROUP = 8;

/** How busy the site is at a moment, 1 at its busiest: a peak in the morning, one after lunch, quiet nights. */
export function busyness(at: number): number {
  const hour = (at % DAY_MS) / HOUR_MS;
  const bell = (centre: number, width: number) => Math.exp(-(((hour - centre) / width) ** 2) / 2);
  return Math.min(1, 0.05 + 0.9 * bell(9.75, 1.4) + 0.8 * bell(14, 1.8));
}

/**
 * The times of events, endless and rising, in milliseconds. Between `start` and `start + spanMs` there are
 * `rate` a second on average, spread by `busyness`; what is beyond a day repeats.
 */
export function createInstants(random: Random, start: number, spanMs: number, rate: number): () => number {
  const meanBusyness = mean(start, Math.min(spanMs, DAY_MS));
  let until = start;
  let group: number[] = [];
  return () => {
    let next = group.pop();
    while (next === undefined) {
      const from = until;
      until += (GROUP * 1000 * meanBusyness) / (rate * busyness(from));
      group = Array.from({ length: GROUP }, () => between(random, from, until)).sort((a, b) => b - a);
      next = group.pop();
    }
    return next;
  };
}

function mean(start: number, spanMs: number): number {
  const steps = Math.max(1, Math.ceil(spanMs / STEP_MS));
  let sum = 0;
  for (let n = 0; n < steps; n += 1) sum += busyness(start + (spanMs * (n + 0.5)) / steps);
  return sum / steps;
}
