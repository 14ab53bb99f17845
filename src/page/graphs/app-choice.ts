import { nameOfApp } from '../apps/names.ts';
import { tracked } from '../model/look.ts';
import { h, type View } from '../parts/view.ts';
import { appSeries, hasFreeSlot, isDrawn, toggleDrawn } from './app-series.ts';
import { MOST_APP_LINES } from './data/lines.ts';

/** Which of the tracked apps have lines of their own. */
export function AppChoice(): View | null {
  if (tracked.value.length === 0) return null;
  return h(
    'fieldset',
    { class: 'app-choice' },
    h('legend', null, 'Tracked applications in the graphs'),
    tracked.value.map((appId) =>
      h(
        'label',
        { key: appId, class: 'switch' },
        h('input', {
          type: 'checkbox',
          checked: isDrawn(appId),
          disabled: !isDrawn(appId) && !hasFreeSlot.value,
          onChange: () => toggleDrawn(appId),
        }),
        h('bdi', null, nameOfApp(appId)),
        isWithoutNumbers(appId) ? h('span', { class: 'label' }, '(no numbers)') : null,
      ),
    ),
    hasFreeSlot.value || tracked.value.length <= MOST_APP_LINES
      ? null
      : h('p', { class: 'label' }, `At most ${MOST_APP_LINES} at once.`),
  );
}

function isWithoutNumbers(appId: string): boolean {
  const series = appSeries.value.get(appId)?.value;
  return series !== undefined && series.problem !== null && series.points.length === 0;
}
