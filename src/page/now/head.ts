import { THEMES, theme } from '../model/choices.ts';
import { connection } from '../model/live.ts';
import { asOf } from '../model/look.ts';
import { now } from '../model/shown.ts';
import { RadioRow } from '../parts/choice.ts';
import { h, type View } from '../parts/view.ts';
import { LOCAL_ZONE, timeText, zone } from '../words/time.ts';

const CONNECTION_WORDS = { waiting: 'connecting', live: 'live', lost: 'no answer' } as const;

/** What stands above everything: what this is, whether it is live, and how it is shown. */
export function Head(): View {
  const state = asOf.value === null || connection.value === 'lost' ? connection.value : 'past';
  return h(
    'header',
    { class: 'head' },
    h('h1', null, 'Headcount'),
    h(
      'p',
      { class: `connection connection-${state}` },
      state === 'past' ? 'a past moment' : CONNECTION_WORDS[state],
      h('time', null, timeText(now.value, 'full')),
    ),
    h(
      'div',
      { class: 'choices' },
      LOCAL_ZONE === 'UTC'
        ? h('span', { class: 'label' }, 'Times are in UTC')
        : h(RadioRow, {
            label: 'Time zone',
            options: { local: LOCAL_ZONE, UTC: 'UTC' },
            chosen: zone,
          }),
      h(RadioRow, {
        label: 'Colours',
        options: THEMES,
        chosen: theme,
      }),
    ),
  );
}
