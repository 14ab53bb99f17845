import type { UserEvent } from '../contract/event.ts';

/** Sorts by event time; equal times keep their order. Most turns are in order already. */
export function sortByTime(events: UserEvent[]): void {
  if (!isInOrder(events)) events.sort((a, b) => a.at - b.at);
}

function isInOrder(events: readonly UserEvent[]): boolean {
  for (let i = 1; i < events.length; i += 1) {
    if ((events[i] as UserEvent).at < (events[i - 1] as UserEvent).at) return false;
  }
  return true;
}
