import type { DatabaseSync } from 'node:sqlite';
import { type Dimension, WINDOWS, type Window } from '../../sessions/series.ts';
import type { Answers, SeriesPoint } from './answers.ts';
import type { Items } from './items.ts';
import { dimensionOf, type Part } from './parts/part.ts';
import { levelOf, type Step, type StepRange, storedSteps, UNKNOWN } from './parts/stored-steps.ts';
import { sweptSteps } from './parts/swept-steps.ts';
import { Calendar } from './peaks/calendar.ts';

const HOUR_SECONDS = 3_600;
const DAY_SECONDS = 86_400;

/** Steps that a range may have, in seconds. A day is made of the hours that begin in it. */
export const RANGE_STEPS = { '1s': 1, '5s': 5, '1m': 60, '1h': HOUR_SECONDS, '1d': DAY_SECONDS } as const;
export type RangeStep = keyof typeof RANGE_STEPS;

/** Steps that begin from `from` on and before `to`, and the one in which `from` lies. Milliseconds since 1970 UTC. */
export interface SeriesRange {
  readonly from: number;
  readonly to: number;
  readonly step: RangeStep;
  /** Days begin at midnight there. */
  readonly timeZone: string;
}

/** A window that ends now, or any range. */
export type SeriesSpan = Window | SeriesRange;

/** Which steps are read for a span, and where they are made into days, when each of those begins, and the last one ends. */
interface Plan {
  readonly span: SeriesSpan;
  readonly range: StepRange;
  readonly days: readonly number[] | null;
}

/** The points of a span, oldest first; the last one of a window is the step of the last full second. */
export function seriesOf(
  database: DatabaseSync,
  span: SeriesSpan,
  dimension: Dimension,
  now: number,
): NonNullable<Answers['series']> {
  const plan = planOf(span, now);
  return seriesFrom(plan, storedSteps(database, dimension, plan.range));
}

/** The same of a part; null where that would be too much work. */
export function seriesOfPart(
  database: DatabaseSync,
  items: Items,
  span: SeriesSpan,
  part: Part,
  now: number,
): Answers['series'] {
  const dimension = dimensionOf(part);
  if (dimension !== null) return seriesOf(database, span, dimension, now);
  const plan = planOf(span, now);
  const steps = sweptSteps(database, items, part, plan.range);
  return steps === null ? null : seriesFrom(plan, steps);
}

function planOf(span: SeriesSpan, now: number): Plan {
  if (typeof span === 'string') {
    const { stepSeconds, points } = WINDOWS[span];
    // The second that is not over yet has no level.
    const last = Math.floor((now / 1000 - 1) / stepSeconds) * stepSeconds;
    return { span, range: { stepSeconds, first: last - (points - 1) * stepSeconds, last }, days: null };
  }
  if (span.step === '1d') return planOfDays(span);
  const { from, to, step } = span;
  const stepSeconds = RANGE_STEPS[step];
  const first = Math.floor(from / 1000 / stepSeconds) * stepSeconds;
  const last = (Math.ceil(to / 1000 / stepSeconds) - 1) * stepSeconds;
  return { span, range: { stepSeconds, first, last }, days: null };
}

function planOfDays(span: SeriesRange): Plan {
  const { from, to, timeZone } = span;
  const days: number[] = [];
  for (const at of new Calendar(timeZone).beginnings('day', from)) {
    days.push(at / 1000);
    if (at >= to) break;
  }
  const first = Math.ceil((days[0] ?? 0) / HOUR_SECONDS) * HOUR_SECONDS;
  const last = (Math.ceil((days.at(-1) ?? 0) / HOUR_SECONDS) - 1) * HOUR_SECONDS;
  return { span, range: { stepSeconds: HOUR_SECONDS, first, last }, days };
}

function seriesFrom({ span, range, days }: Plan, steps: Iterable<Step>): NonNullable<Answers['series']> {
  const points = days === null ? steps : inDays(days, steps);
  return {
    window: typeof span === 'string' ? span : null,
    stepSeconds: days === null ? range.stepSeconds : RANGE_STEPS['1d'],
    points: Array.from(points, point),
  };
}

function* inDays(days: readonly number[], inHours: Iterable<Step>): Generator<Step> {
  const hours = Iterator.from(inHours);
  let hour = hours.next();
  for (const [place, at] of days.slice(0, -1).entries()) {
    let day: Step = { at, ...UNKNOWN };
    for (const end = days[place + 1] ?? 0; !hour.done && hour.value.at < end; hour = hours.next()) {
      day = added(day, hour.value);
    }
    yield day;
  }
}

/** A day with one more hour: counts add up, and of levels the latest that is known stands. */
function added(day: Step, hour: Step): Step {
  const sum = (a: number | null, b: number | null) => (a === null || b === null ? (a ?? b) : a + b);
  return {
    at: day.at,
    created: sum(day.created, hour.created),
    destroyed: sum(day.destroyed, hour.destroyed),
    rejected: sum(day.rejected, hour.rejected),
    ...levelOf(hour.active === null ? day : hour),
  };
}

function point({ at, ...numbers }: Step): SeriesPoint {
  return { at: new Date(at * 1000).toISOString(), ...numbers };
}
