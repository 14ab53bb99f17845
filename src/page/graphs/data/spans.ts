/*
 * Which points of the API a window shows. The windows are those of the API; the moments are ms since 1970 UTC.
 */

/** A step as the API names it. */
interface Step {
  readonly step: string;
  readonly stepMs: number;
  /** How long points of it are kept; null for as long as sessions are. */
  readonly keptMs: number | null;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** Finest first. How long each is kept is what docs/api.md promises. */
export const STEPS: readonly [Step, ...Step[]] = [
  { step: '1s', stepMs: 1_000, keptMs: 2 * HOUR_MS },
  { step: '5s', stepMs: 5_000, keptMs: 6 * HOUR_MS },
  { step: '1m', stepMs: MINUTE_MS, keptMs: 8 * 24 * HOUR_MS },
  { step: '1h', stepMs: HOUR_MS, keptMs: null },
];

export const WINDOW_STEPS = {
  '60s': { stepMs: 1_000, points: 60 },
  '1h': { stepMs: 5_000, points: 720 },
  '1d': { stepMs: MINUTE_MS, points: 1_440 },
  '1w': { stepMs: HOUR_MS, points: 168 },
} as const;

export type SpanName = keyof typeof WINDOW_STEPS;

/** Points of which length, and how many of them there are at most. */
export interface Span extends Step {
  readonly points: number;
}

/** Less is no line. */
const FEWEST_POINTS = 2;

/**
 * The points of a window that ends at a moment. Fine points are deleted early: a window that lies too far back is made of
 * longer ones.
 */
export function spanOf(name: SpanName, end: number, now: number): Span {
  const { stepMs, points } = WINDOW_STEPS[name];
  const lengthMs = stepMs * points;
  const isKept = ({ keptMs }: Step): boolean => keptMs === null || now - (end - lengthMs) <= keptMs;
  const found = STEPS.find((step) => step.stepMs >= stepMs && isKept(step)) ?? STEPS[0];
  return { ...found, points: Math.max(FEWEST_POINTS, Math.ceil(lengthMs / found.stepMs)) };
}

/** What to ask for: the whole window that ends at a moment. The API answers whole steps that begin before `to`. */
export function wholeOf({ step, stepMs, points }: Span, end: number): Asked {
  const last = Math.ceil(end / stepMs) - 1;
  return { step, from: iso((last - points + 1) * stepMs), to: iso(end) };
}

/** Whether a step is shown while it goes on. */
export function isShownEarly(stepMs: number): boolean {
  return stepMs > MINUTE_MS;
}

/**
 * When the newest step begins that is shown at `now`. A short one is shown once it is over: before, it would only look as if
 * less happened. An hour is shown as soon as it has a whole second, because nobody waits for its end.
 */
export function newestAt(stepMs: number, now: number): number {
  const over = isShownEarly(stepMs) ? now - 1_000 : now - stepMs;
  return Math.floor(over / stepMs) * stepMs;
}

/** Late lines change points that were there already: so much before the newest point is asked for again. */
const OVERLAP_MS = 10_000;

/**
 * What has to be asked for so that points up to `newest` become those of now. Null where it is the whole window. `now` may
 * lag behind the clock of Headcount, never run ahead of it: a step of which no second is over is not known there.
 */
export function tailOf({ step, stepMs, points }: Span, newest: number, now: number): Asked | null {
  const last = Math.max(newest, newestAt(stepMs, now));
  const from = newest - Math.max(OVERLAP_MS, stepMs);
  if (last - from >= stepMs * points) return null;
  return { step, from: iso(from), to: iso(last + 1) };
}

interface Asked {
  readonly step: string;
  readonly from: string;
  readonly to: string;
}

/** How long it takes for a second to be written down, with room to spare. */
const WRITTEN_MS = 150;

/** How long until there is something new: until a step is over, or a minute, since the step of this hour goes on. */
export function untilRefreshMs({ stepMs }: Span, now: number): number {
  const everyMs = Math.min(stepMs, MINUTE_MS);
  return everyMs - (now % everyMs) + WRITTEN_MS;
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
