import type { OneSession } from '../../journal/read/answers.ts';
import { useAnswer } from '../model/answer.ts';
import { sessionId } from '../model/look.ts';
import { now } from '../model/shown.ts';
import { Dialog } from '../parts/dialog.ts';
import { Notice } from '../parts/section.ts';
import { h, type View } from '../parts/view.ts';
import { userName } from '../words/names.ts';
import { CopyLink } from './copy-link.ts';
import { EventList } from './event-list.ts';
import { Exactness, Facts } from './facts.ts';
import { Timeline } from './timeline.ts';
import { UserSessions } from './user-sessions.ts';

const EVERY_MS = 5_000;

/** The session that the address names, over the page. */
export function SessionDialog(): View | null {
  const id = sessionId.value;
  if (id === null) return null;
  const close = (): void => {
    sessionId.value = null;
  };
  // Another session in the same dialog shares nothing with the one before.
  return h(Dialog, { title: 'Session', close, className: 'dialog-wide' }, h(Content, { key: id, id }));
}

function Content({ id }: { readonly id: string }): View {
  const answer = useAnswer<OneSession>(
    () => ({ route: `sessions/${encodeURIComponent(id)}`, parameters: {} }),
    EVERY_MS,
  );
  const { value: session, problem, status } = answer.value;
  const isGone = status === 404;
  return h(
    'div',
    { class: 'session' },
    problem === null ? null : h('p', { class: 'problem', role: 'alert' }, problemText(id, problem, isGone)),
    session === null || isGone
      ? problem === null
        ? h(Notice, null, 'Reading …')
        : null
      : h(Known, { session, now: now.peek() }),
    isGone ? null : h(CopyLink, { id }),
  );
}

function problemText(id: string, problem: string, isGone: boolean): string {
  return isGone
    ? `There is no session ${id}. It may be older than what is kept, its user may be on the blacklist, or the link is to another Headcount.`
    : `The session could not be read: ${problem}.`;
}

function Known({ session, now }: { readonly session: OneSession; readonly now: number }): View {
  const { user } = session;
  return h(
    'div',
    { class: 'session' },
    h('p', { class: 'session-user' }, h('bdi', null, userName(user))),
    h(Facts, { session }),
    h(Timeline, { session, now }),
    h('h3', null, 'What is exact'),
    h(Exactness, { session }),
    h(
      'div',
      { class: 'columns' },
      h('section', null, h('h3', null, 'Events'), h(EventList, { session, now })),
      h(
        'section',
        null,
        h('h3', null, 'All sessions of this user'),
        user === null
          ? h(Notice, null, 'Nobody knows who this is, so nobody knows their other sessions.')
          : h(UserSessions, { user, id: session.id, now }),
      ),
    ),
  );
}
