import type { OneSession } from '../../journal/read/answers.ts';
import { h, type View } from '../parts/view.ts';
import { shortTime, timeText } from '../words/time.ts';
import { EventMark } from './event-mark.ts';
import { eventText } from './event-text.ts';

/** Everything that happened in a session, in words, the newest last. `now`: ms since 1970 UTC. */
export function EventList({ session, now }: { readonly session: OneSession; readonly now: number }): View {
  const events = session.timeline;
  if (events.length === 0) return h('p', { class: 'notice' }, 'No line of it is known.');
  return h(
    'ol',
    { class: 'session-events', 'aria-label': 'Events', tabIndex: 0 },
    events.map((event) =>
      h(
        'li',
        { key: event.seq },
        h('time', { dateTime: event.at, title: timeText(event.at, 'full') }, shortTime(event.at, now)),
        h(EventMark, { kind: event.kind }),
        h('bdi', null, eventText(event)),
      ),
    ),
  );
}
