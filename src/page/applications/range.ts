import { computed } from '@preact/signals';
import { WINDOW_STEPS } from '../graphs/data/spans.ts';
import { asOf, type WindowName, windowName } from '../model/look.ts';
import { now } from '../model/shown.ts';

/** How many steps the range of a window that ends now makes until it is over. */
const STEPS = 60;

/** What is asked for, as the API takes it; `to` is null for now. */
export interface AskedRange {
  readonly from: string;
  readonly to: string | null;
}

/**
 * The range of a window that ends now, or at a moment that is shown (ms since 1970 UTC). One that ends now is up to a 60th longer than its window, so that
 * it is the same question for a while: the time moves each second.
 */
export function rangeAsked(window: WindowName, moment: number | null, now: number): AskedRange {
  const { stepMs, points } = WINDOW_STEPS[window];
  const lengthMs = stepMs * points;
  // The API leaves out the end of a range, and what begins at the moment is on then.
  if (moment !== null) return { from: iso(moment + 1 - lengthMs), to: iso(moment + 1) };
  const grainMs = lengthMs / STEPS;
  return { from: iso(Math.floor(now / grainMs) * grainMs - lengthMs), to: null };
}

function iso(at: number): string {
  return new Date(at).toISOString();
}

/** As one text, which seldom changes. */
const text = computed(() =>
  JSON.stringify(rangeAsked(windowName.value, asOf.value, asOf.value === null ? now.value : asOf.value)),
);

export const range = computed(() => JSON.parse(text.value) as AskedRange);
