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

/** One to five, 2.2 on average. */
function connectionCount(random: Random): number {
  const share = random();
  if (share < 0.35) return 1;
  if (share < 0.68) return 2;
  if (share < 0.86) return 3;
  return share < 0.95 ? 4 : 5;
}
