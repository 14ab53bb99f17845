import { between, integer, logNormal, type Random, zipfIndex } from './random.ts';

const SECOND_MS = 1000;
const MINUTE_MS = 60_000;

/** One thing that a visitor does, `offsetMs` after the log-in. `connection` numbers those of the session. */
export interface Step {
  readonly offsetMs: number;
  readonly kind: 'connection_open' | 'connection_close' | 'session_stop';
  readonly appIndex: number | null;
  readonly connection: number | null;
}

/** Lines of an average session: its Start and Stop, and an Open and a Close per connection. */
export const EVENTS_PER_SESSION = 2 + 2 * 2.2;

/**
 * What one visitor does after the log-in, in order of time: one to five apps, some side by side in tabs, and a
 * log-out unless `abandons`. Time in an app is log-normal (median 5 minutes). Never more than ten minutes pass
 * without an open app, so that no session times out that goes on. One Close in thirty comes after the Stop,
 * as seen live.
 */
export function createVisit(random: Random, apps: number, abandons: boolean): Step[] {
  const steps: Step[] = [];
  const count = connectionCount(random);
  let open = random() < 0.3 ? between(random, 0, 800) : between(random, SECOND_MS, 4 * SECOND_MS);
  let [lastOpen, lastClose] = [open, open];
  for (let connection = 1; connection <= count; connection += 1) {
    const close = open + Math.min(4 * 60 * MINUTE_MS, logNormal(random, 5 * MINUTE_MS, 1));
    const appIndex = zipfIndex(random, apps);
    steps.push({ offsetMs: open, kind: 'connection_open', appIndex, connection });
    steps.push({ offsetMs: close, kind: 'connection_close', appIndex, connection });
    lastOpen = open;
    lastClose = Math.max(lastClose, close);
    open = Math.min(open + logNormal(random, 3 * MINUTE_MS, 0.8), lastClose + 10 * MINUTE_MS);
  }
  if (!abandons) steps.push(createStop(random, lastOpen, lastClose));
  return steps.sort((a, b) => a.offsetMs - b.offsetMs);
}

/** A script at work: logs in, does one thing, logs out. */
export function createServiceCall(random: Random, apps: number): Step[] {
  const appIndex = integer(random, apps);
  const open = between(random, 50, 500);
  const close = open + between(random, 200, 20_000);
  return [
    { offsetMs: open, kind: 'connection_open', appIndex, connection: 1 },
    { offsetMs: close, kind: 'connection_close', appIndex, connection: 1 },
    { offsetMs: close + 100, kind: 'session_stop', appIndex: null, connection: null },
  ];
}

function createStop(random: Random, lastOpen: number, lastClose: number): Step {
  const isEarly = random() < 1 / 30;
  const after = isEarly ? -between(random, 0, 18 * SECOND_MS) : between(random, SECOND_MS, MINUTE_MS);
  const offsetMs = Math.max(lastOpen + SECOND_MS, lastClose + after);
  return { offsetMs, kind: 'session_stop', appIndex: null, connection: null };
}

/** The Stop that a proxy logs by itself, after the last of those steps. */
export function createTimeout(steps: readonly Step[], timeoutMs: number): Step {
  const offsetMs = (steps.at(-1)?.offsetMs ?? 0) + timeoutMs;
  return { offsetMs, kind: 'session_stop', appIndex: null, connection: null };
}

/** One to five, 2.2 on average. */
function connectionCount(random: Random): number {
  const share = random();
  if (share < 0.35) return 1;
  if (share < 0.68) return 2;
  if (share < 0.86) return 3;
  return share < 0.95 ? 4 : 5;
}

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
