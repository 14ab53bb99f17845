import type { UserEvent } from '../contract/event.ts';

/** The same events by event time; equal times keep their order. Most are in order already. */
export function inOrder(events: readonly UserEvent[]): readonly UserEvent[] {
  return isInOrder(events) ? events : events.toSorted((a, b) => a.at - b.at);
}

function isInOrder(events: readonly UserEvent[]): boolean {
  for (let i = 1; i < events.length; i += 1) {
    if ((events[i] as UserEvent).at < (events[i - 1] as UserEvent).at) return false;
  }
  return true;
}
