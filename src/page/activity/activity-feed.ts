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

/** Rows move so often at most. */
const SHOWN_EVERY_MS = 1_000;

/** Follows what happens, for as long as the page is open. */
export function fillFeed(): void {
  let shownAt = Number.NEGATIVE_INFINITY;
  let timer: number | null = null;
  const show = (): void => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    if (document.hidden || asOf.peek() !== null) return;
    shownAt = performance.now();
    feed.show(isHeld.peek());
  };
  const wait = (): number => Math.max(0, shownAt + SHOWN_EVERY_MS - performance.now());
  // After a quiet second what comes is shown at once.
  const showSoon = (): void => {
    timer ??= window.setTimeout(show, wait());
  };
  onLiveEvents({
    event: (event) => {
      feed.event(event);
      showSoon();
    },
    passedOver: (events) => {
      feed.passOver(events);
      showSoon();
    },
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
    void isHeld.value;
    void asOf.value;
    show();
  });
  effect(() => {
    void now.value;
    // What came while the page was hidden; and how much was passed over is soon not said any more.
    if (wait() === 0) show();
  });
}
