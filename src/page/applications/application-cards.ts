import type { Answers } from '../../journal/read/answers.ts';
import { asOf } from '../model/look.ts';
import { now } from '../model/shown.ts';
import { Card } from '../parts/card.ts';
import { h, type View } from '../parts/view.ts';
import { countText, numberText, UNKNOWN } from '../words/numbers.ts';
import { durationText, shortTime } from '../words/time.ts';

/** The sessions of a range in numbers. */
export function ApplicationCards({ found }: { readonly found: Answers['applications'] }): View {
  const {
    sessions,
    started,
    startedPerHour,
    users,
    averageDurationSeconds: seconds,
    online,
    usersOnline,
  } = found;
  return h(
    'div',
    { class: 'cards', role: 'group', 'aria-label': 'Application sessions in numbers' },
    h(
      Card,
      {
        label: asOf.value === null ? 'Online now' : 'Online then',
        className: 'card-active',
        note: usersOnline === null ? null : countText(usersOnline, 'user'),
      },
      numberText(online),
    ),
    h(Card, { label: 'Sessions in all', note: rangeText(found) }, numberText(sessions)),
    h(
      Card,
      { label: 'Sessions per hour', note: started === null ? null : `${numberText(started)} began` },
      perHourText(startedPerHour),
    ),
    h(Card, { label: 'Users', note: 'with a session' }, numberText(users)),
    h(
      Card,
      { label: 'Average duration', note: 'open ones so far' },
      seconds === null ? UNKNOWN : durationText(seconds),
    ),
  );
}

function rangeText({ from, to }: Answers['applications']): string {
  const begin = shortTime(from, now.peek());
  return asOf.value === null ? `since ${begin}` : `${begin} to ${shortTime(to, now.peek())}`;
}

/** To a tenth where they are few. */
function perHourText(perHour: number | null): string {
  return numberText(perHour === null || perHour >= 100 ? perHour : Math.round(perHour * 10) / 10);
}
