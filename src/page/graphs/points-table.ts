import { h, type View } from '../parts/view.ts';
import { numberText } from '../words/numbers.ts';
import { rangeText } from '../words/quality.ts';
import { timeText } from '../words/time.ts';
import type { Value } from './data/points.ts';
import type { Graph } from './graph.ts';

const MOST_ROWS = 120;

/** The points that a graph shows, the newest first. */
export function PointsTable({ graph }: { readonly graph: Graph }): View {
  const { places: shownPlaces, times } = graph.shown;
  const [from, to] = shownPlaces.value;
  const first = Math.max(from, to - MOST_ROWS);
  const places = Array.from({ length: to - first }, (_, back) => to - 1 - back);
  const lines = graph.lines.value;
  const bounds = graph.bounds.value;
  return h(
    'div',
    { class: 'table-frame points', role: 'group', 'aria-label': `${graph.title} as a table`, tabIndex: 0 },
    first > from
      ? h(
          'p',
          { class: 'label' },
          `The newest ${MOST_ROWS} of ${numberText(to - from)} points. A narrower range shows older ones.`,
        )
      : null,
    h(
      'table',
      { 'aria-label': `Points: ${graph.title.toLowerCase()}` },
      h(
        'thead',
        null,
        h(
          'tr',
          null,
          h('th', { scope: 'col' }, 'Time'),
          lines.map(({ key, label }) =>
            h('th', { key, scope: 'col', class: 'number' }, h('bdi', null, label)),
          ),
          bounds === null ? null : h('th', { scope: 'col', class: 'number' }, 'Between'),
        ),
      ),
      h(
        'tbody',
        null,
        places.map((place) => {
          const at = times.value[place] ?? 0;
          return h(
            'tr',
            { key: at },
            h(
              'th',
              { scope: 'row' },
              h('time', { dateTime: new Date(at).toISOString() }, timeText(at, 'date')),
            ),
            lines.map(({ key }, which) =>
              h('td', { key, class: 'number' }, numberText(graph.values.value[which]?.[place])),
            ),
            bounds === null
              ? null
              : h('td', { class: 'number' }, boundsText(bounds[0][place] ?? null, bounds[1][place] ?? null)),
          );
        }),
      ),
    ),
  );
}

function boundsText(low: Value, high: Value): string {
  return low === null ? numberText(null) : rangeText({ low, high });
}
