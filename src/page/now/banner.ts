import type { StormView } from '../../api/storms.ts';
import { ingestKnown } from '../ingest/ingest-known.ts';
import { connection, liveCounts } from '../model/live.ts';
import { h, type View } from '../parts/view.ts';
import { userName } from '../words/names.ts';
import { numberText } from '../words/numbers.ts';
import { timeText } from '../words/time.ts';
import { Silences } from './silences.ts';

const MOST_NAMED = 3;

/** What makes the numbers below it other than they look. Nothing while all is well. */
export function Banner(): View {
  return h(
    'div',
    { class: 'banners', role: 'alert' },
    connection.value === 'lost'
      ? h('p', { class: 'banner' }, lostText())
      : h('div', null, h(Silences, null), h(Storms, null)),
  );
}

function lostText(): string {
  const shown = liveCounts.value;
  return shown === null
    ? 'Headcount does not answer. This page goes on by itself as soon as it does.'
    : `Headcount does not answer. The numbers are of ${timeText(shown.asOf, 'date')}; this page goes on by itself.`;
}

/** The largest, in an order that stays: what moves in an alert is read out again. */
function Storms(): View {
  const storms = (ingestKnown.value.value?.storms ?? []).filter(({ endedAt }) => endedAt === null);
  const named = storms
    .slice(0, MOST_NAMED)
    .map((each) => ({ key: JSON.stringify([each.host, each.user]), ...each }))
    .sort((one, other) => (one.key < other.key ? -1 : 1));
  const more = storms.length - named.length;
  return h(
    'div',
    null,
    named.map((each) => h(Storm, each)),
    more > 0 ? h('p', { class: 'banner' }, `Others who log in again and again: ${more}.`) : null,
  );
}

/** How often it is moves, so it is not read out each time. */
function Storm({ user, host, startsLastMinute }: StormView): View {
  const name = userName(user);
  return h(
    'p',
    { class: 'banner' },
    user === null ? 'Somebody unknown' : h('bdi', { title: name }, name),
    ' logs in again and again on ',
    h('bdi', { title: host }, host),
    h('span', { 'aria-hidden': true }, `, ${numberText(startsLastMinute)} times in the last minute`),
    '.',
  );
}
