import { useSignal } from '@preact/signals';
import type { Answers, OneSession, SessionItem } from '../../journal/read/answers.ts';
import { useAnswer } from '../model/answer.ts';
import { Notice } from '../parts/section.ts';
import { h, type View } from '../parts/view.ts';
import { shortTime } from '../words/time.ts';
import { Duration } from './duration.ts';
import { SessionLink } from './session-link.ts';
import { SessionState } from './session-state.ts';

const EVERY_MS = 15_000;
/** A page of the list, and the longest that it may become. */
const FEW = 20;
const MANY = 500;

type User = NonNullable<OneSession['user']>;

/** All sessions of a user on the whole site, the newest first. `id` is the one that is open. */
export function UserSessions({
  user,
  id,
  now,
}: {
  readonly user: User;
  readonly id: string;
  readonly now: number;
}): View {
  const limit = useSignal(FEW);
  const answer = useAnswer<Answers['sessions']>(
    () => ({
      route: 'sessions',
      parameters: { user: `${user.directory ?? ''}\\${user.id}`, limit: limit.value },
    }),
    EVERY_MS,
  );
  const { value, problem } = answer.value;
  if (value === null)
    return h(Notice, null, problem === null ? 'Reading …' : `They could not be read: ${problem}.`);
  const { items, nextCursor } = value;
  return h(
    'div',
    { class: 'user-sessions' },
    h(
      'ol',
      { 'aria-label': 'All sessions of this user', tabIndex: 0 },
      items.map((session) => h(Line, { key: session.id, session, isOpen: session.id === id, now })),
    ),
    nextCursor === null
      ? null
      : limit.value === FEW
        ? h(
            'button',
            {
              type: 'button',
              onClick: () => {
                limit.value = MANY;
              },
            },
            'Show earlier ones',
          )
        : h('p', { class: 'label' }, `There are more than these ${items.length}.`),
  );
}

function Line({
  session,
  isOpen,
  now,
}: {
  readonly session: SessionItem;
  readonly isOpen: boolean;
  readonly now: number;
}): View {
  const { id, startedAt, host } = session;
  const when = h('time', { dateTime: startedAt }, shortTime(startedAt, now));
  return h(
    'li',
    null,
    isOpen ? h('strong', { 'aria-current': 'true' }, when, ' (this one)') : h(SessionLink, { id }, when),
    h(SessionState, { session }),
    h(Duration, { session }),
    host === null ? null : h('bdi', { class: 'label' }, host),
  );
}
