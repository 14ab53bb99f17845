import type { StormView } from '../../api/storms.ts';
import { ingestKnown } from '../ingest/ingest-known.ts';
import { connection, liveCounts } from '../model/live.ts';
import { now } from '../model/shown.ts';
import { h, type View } from '../parts/view.ts';
import { userName } from '../words/names.ts';
import { numberText } from '../words/numbers.ts';
import { durationText, shortTime, timeText } from '../words/time.ts';
import { type SilentHost, silentHosts } from './silent-hosts.ts';

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

function Silences(): View {
  const silent = silentHosts(liveCounts.value?.hosts ?? []);
  const more = silent.length - MOST_NAMED;
  return h(
    'div',
    null,
    silent.slice(0, MOST_NAMED).map((each) => h(Silence, { key: each.host, ...each })),
    more > 0 ? h('p', { class: 'banner' }, `Nothing comes from ${more} more hosts.`) : null,
  );
}

/** How long it is moves, so it is not read out each time. */
function Silence({ host, silentSince }: SilentHost): View {
  const seconds = Math.max(0, now.value - Date.parse(silentSince)) / 1000;
  return h(
    'p',
    { class: 'banner' },
    'Nothing has come from ',
    h('bdi', null, host),
    ` since ${shortTime(silentSince, now.value)}`,
    h(
      'span',
      { 'aria-hidden': true },
      `, for ${durationText(seconds < 60 ? seconds : seconds - (seconds % 60))}`,
    ),
    '. Its numbers may be old.',
  );
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
