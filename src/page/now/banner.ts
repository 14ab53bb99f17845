import { connection, liveCounts } from '../model/live.ts';
import { now } from '../model/shown.ts';
import { h, type View } from '../parts/view.ts';
import { durationText, shortTime, timeText } from '../words/time.ts';
import { type SilentHost, silentHosts } from './silent-hosts.ts';

const MOST_NAMED = 3;

/** What makes the numbers below it other than they look. Nothing while all is well. */
export function Banner(): View {
  return h(
    'div',
    { class: 'banners', role: 'alert' },
    connection.value === 'lost' ? h('p', { class: 'banner' }, lostText()) : h(Silences, null),
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
