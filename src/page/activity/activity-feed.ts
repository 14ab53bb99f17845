import { computed, effect, signal } from '@preact/signals';
import type { Answers } from '../../journal/read/answers.ts';
import { answerOf } from '../model/answer.ts';
import { onLiveEvents } from '../model/live.ts';
import { asOf } from '../model/look.ts';
import { filterParameters, now } from '../model/shown.ts';
import { Feed, MOST_ROWS } from './feed.ts';

export const feed = new Feed();

/** Somebody points at the feed or is in it with the keyboard. */
export const isPointedAt = signal(false);
/** Somebody has stopped it. */
export const isStopped = signal(false);
export const isHeld = computed(() => isPointedAt.value || isStopped.value);

/** What happened before the page was opened, before a loss of the connection ended, or before the moment that is looked at. */
export const history = answerOf<Answers['events']>(
  () => ({
    route: 'events',
    parameters: {
      ...filterParameters.value,
      to: asOf.value === null ? null : new Date(asOf.value).toISOString(),
      limit: MOST_ROWS,
    },
  }),
  null,
);

/** Follows what happens, for as long as the page is open. */
export function fillFeed(): void {
  onLiveEvents({
    event: (event) => feed.event(event),
    passedOver: (events) => feed.passOver(events),
    missed: () => {},
  });
  effect(() => {
    void filterParameters.value;
    void asOf.value;
    feed.clear();
  });
  effect(() => {
    const { value, isChanging } = history.value;
    if (value !== null && !isChanging) feed.fill(value.items);
  });
  effect(() => {
    void now.value;
    if (asOf.value === null) feed.show(isHeld.value);
  });
}
