import type { CountsView } from '../../api/counts/counts-answer.ts';
import { liveCounts } from '../model/live.ts';
import { now } from '../model/shown.ts';
import { h, type View } from '../parts/view.ts';
import { durationText, shortTime } from '../words/time.ts';

const MOST_NAMED = 3;

/** The hosts from which nothing comes any more. */
export function Silences(): View {
  const silent = liveCounts.value?.silentHosts ?? [];
  const more = (liveCounts.value?.silentHostsTotal ?? 0) - MOST_NAMED;
  return h(
    'div',
    null,
    silent.slice(0, MOST_NAMED).map((each) => h(Silence, { key: each.host, ...each })),
    more > 0 ? h('p', { class: 'banner' }, `Nothing comes from ${more} more hosts.`) : null,
  );
}

/** How long it is moves, so it is not read out each time. */
function Silence({ host, silentSince }: CountsView['silentHosts'][number]): View {
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
