import { h, type View } from '../parts/view.ts';
import { numberText } from '../words/numbers.ts';
import { timeText } from '../words/time.ts';
import { type HeatCell, type HeatDay, HOURS } from './heat-map.ts';

/** Of the colour of the largest number, so that text on it can be read well. */
const STRONGEST_PERCENT = 45;

const HOUR_NAMES = Array.from({ length: HOURS }, (_, hour) => String(hour).padStart(2, '0'));

/** A day a row, an hour a column, and in each cell the number, the stronger the larger. `most`: the largest of all. */
export function HeatTable({
  days,
  most,
}: {
  readonly days: readonly HeatDay[];
  readonly most: number;
}): View {
  return h(
    'div',
    { class: 'table-frame', tabIndex: 0, role: 'group', 'aria-label': 'Heat map, scrolls' },
    h(
      'table',
      { class: 'heat', 'aria-label': 'Peaks by day and hour' },
      h(
        'thead',
        null,
        h(
          'tr',
          null,
          h('th', { scope: 'col' }, 'Day'),
          HOUR_NAMES.map((hour) => h('th', { key: hour, scope: 'col' }, hour)),
        ),
      ),
      h(
        'tbody',
        null,
        days.map(({ day, at, cells }) =>
          h(
            'tr',
            { key: day },
            h('th', { scope: 'row' }, timeText(at, 'day')),
            cells.map((cell, hour) => h(Cell, { key: HOUR_NAMES[hour] ?? '', cell, most })),
          ),
        ),
      ),
    ),
  );
}

function Cell({ cell, most }: { readonly cell: HeatCell | null; readonly most: number }): View {
  if (cell === null) return h('td', null);
  const { peak, at } = cell;
  if (peak === null) return h('td', { class: 'heat-unknown', title: 'not known' }, h('span', null, '–'));
  const percent = most === 0 ? 0 : Math.round((peak / most) * STRONGEST_PERCENT);
  return h(
    'td',
    {
      class: 'heat-known',
      style: { '--heat': `${percent}%` },
      title: at === null ? undefined : `${numberText(peak)} at ${timeText(at, 'date')}`,
    },
    numberText(peak),
  );
}
