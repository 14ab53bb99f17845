import type { EventItem } from '../../journal/read/answers.ts';
import { shownAt } from '../model/shown.ts';
import { h, type View } from '../parts/view.ts';
import { EventMark } from '../session/event-mark.ts';
import { SessionLink } from '../session/session-link.ts';
import { EVENT_REASON_WORDS, KIND_WORDS } from '../words/events.ts';
import { appName, userName } from '../words/names.ts';
import { shortTime, timeText } from '../words/time.ts';

/** One event on one line: when, what, who, where. */
export function ActivityRow({ event }: { readonly event: EventItem }): View {
  const { kind, at, sessionId } = event;
  const user = userName(event.user);
  const where = whereText(event);
  return h(
    'li',
    { class: 'feed-row' },
    h('time', { dateTime: at, title: timeText(at, 'full') }, shortTime(at, shownAt.peek())),
    h('span', null, h(EventMark, { kind }), ' ', KIND_WORDS[kind]),
    h(
      'span',
      { class: 'feed-who', title: user },
      h('bdi', null, sessionId === null ? user : h(SessionLink, { id: sessionId }, user)),
    ),
    h('span', { class: 'feed-where', title: where }, h('bdi', null, where)),
  );
}

/** The app, the node, and why: as far as they are known. */
export function whereText(
  event: Pick<EventItem, 'kind' | 'appId' | 'appName' | 'host' | 'reason'> & Partial<EventItem>,
): string {
  const { kind, host, reason, noteType, source } = event;
  const opens = kind === 'connection_open' || kind === 'connection_close';
  const noted = [noteType, source].filter((part) => part != null).join(' ');
  const app = opens ? appName(event) : kind === 'note' && noted !== '' ? noted : null;
  const why = reason === null ? null : EVENT_REASON_WORDS[reason];
  return [app, host, why].filter((part) => part !== null).join(' · ');
}
