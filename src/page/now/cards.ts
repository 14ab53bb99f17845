import type { CountsView } from '../../api/counts/counts-answer.ts';
import { asOf } from '../model/look.ts';
import { counts, shownAt } from '../model/shown.ts';
import { Card } from '../parts/card.ts';
import { h, type View } from '../parts/view.ts';
import { numberText, UNKNOWN } from '../words/numbers.ts';
import { rangeText } from '../words/quality.ts';
import { durationText, shortTime, timeText } from '../words/time.ts';
import { Quality } from './quality.ts';

/** The numbers that matter most, in the order in which people ask for them. */
export function NowCards(): View {
  // What happens to be known of a moment that nobody knows is no count.
  const shown = counts.value?.quality === 'unknown' ? null : counts.value;
  const active = shown?.active;
  return h(
    'section',
    { class: 'now', role: 'group', 'aria-label': 'Now' },
    h(
      'div',
      { class: 'cards' },
      h(
        Card,
        { label: 'Active sessions', className: 'card-active', note: boundsNote(shown, 'sessions') },
        numberText(active?.sessions),
      ),
      h(Card, { label: 'Connected users', note: usersNote(shown) }, numberText(active?.connectedUsers)),
      h(Card, { label: 'Connections', note: 'open apps' }, numberText(active?.connections)),
      h(Card, { label: 'Created per minute', note: endedNote(shown) }, numberText(shown?.created.last1m)),
      h(Card, { label: 'Average duration', note: 'ended in the last hour' }, averageText(shown)),
      h(
        Card,
        { label: 'Rejected in the last hour', className: rejectedClass(shown) },
        numberText(shown?.rejected.last1h),
      ),
      h(Card, { label: 'Peak today', note: peakNote(shown) }, numberText(shown?.peakToday?.sessions)),
    ),
    h(Quality, null),
  );
}

function boundsNote(shown: CountsView | null, of: 'sessions' | 'users'): string | null {
  const bounds = shown?.active.bounds?.[of];
  if (shown === null || bounds === undefined || shown.quality === 'exact') return null;
  return bounds.low === bounds.high ? null : rangeText(bounds);
}

function usersNote(shown: CountsView | null): string | null {
  return shown === null ? null : `of ${numberText(shown.active.users)} with a session`;
}

function endedNote(shown: CountsView | null): string | null {
  return shown === null ? null : `${numberText(shown.destroyed.last1m)} ended`;
}

function averageText(shown: CountsView | null): string {
  const seconds = shown?.averageDurationSeconds ?? null;
  return seconds === null ? UNKNOWN : durationText(seconds);
}

function rejectedClass(shown: CountsView | null): string {
  return (shown?.rejected.last1h ?? 0) > 0 ? 'card-warning' : '';
}

function peakNote(shown: CountsView | null): string | null {
  const at = shown?.peakToday?.at ?? null;
  if (at === null) return null;
  return asOf.value === null ? `at ${shortTime(at, shownAt.value)}` : `at ${timeText(at, 'date')}`;
}
