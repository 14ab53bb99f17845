import { computed, effect, signal } from '@preact/signals';
import type { CountsView } from '../../api/counts/counts-answer.ts';
import { answerOf } from './answer.ts';
import type { Parameters } from './ask.ts';
import { clockAhead, follow, liveCounts } from './live.ts';
import { asOf, filter } from './look.ts';

/** The filter as every route takes it. */
export const filterParameters = computed<Parameters>(() => ({
  app: filter.app.value,
  host: filter.host.value,
  virtualProxy: filter.virtualProxy.value,
}));

const past = answerOf<CountsView>(
  () =>
    asOf.value === null
      ? null
      : {
          route: 'counts',
          parameters: { ...filterParameters.value, at: new Date(asOf.value).toISOString() },
        },
  null,
);

/** The numbers that the page shows: of now, or of the moment that is looked at. Null while they are not known. */
export const counts = computed(() => (asOf.value === null ? liveCounts.value : past.value.value));
/** Why there are none. */
export const countsProblem = computed(() => (asOf.value === null ? null : past.value.problem));

/** Headcount's own time, ms since 1970 UTC, as far as known; moves once a second. */
export const now = signal(Date.now());
/** The moment that is shown: now, or the one that is looked at. */
export const shownAt = computed(() => asOf.value ?? now.value);

/** Begins to follow what happens, for as long as the page is open. */
export function startFollowing(): void {
  setInterval(() => {
    if (!document.hidden) now.value = Date.now() + clockAhead.value;
  }, 1000);
  let stop = (): void => {};
  effect(() => {
    const parameters = filterParameters.value;
    stop();
    liveCounts.value = null;
    stop = follow(parameters);
  });
}
