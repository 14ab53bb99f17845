import { asOf } from '../model/look.ts';
import { counts } from '../model/shown.ts';
import { Section } from '../parts/section.ts';
import { h, type View } from '../parts/view.ts';
import { numberText, UNKNOWN } from '../words/numbers.ts';
import { timeText } from '../words/time.ts';

const ROWS = { created: 'Created', destroyed: 'Destroyed', rejected: 'Rejected' } as const;
const SPANS = { last5s: '5 s', last1m: '1 min', last1h: '1 h', total: 'Total' } as const;

/** How many sessions there are, and how many began, ended and were refused. */
export function TotalSessions(): View {
  const shown = counts.value;
  const since = shown === null ? UNKNOWN : timeText(shown.since, 'date');
  return h(
    Section,
    { title: 'Total sessions' },
    h(
      'div',
      { class: 'table-frame' },
      h(
        'table',
        { 'aria-label': 'Total sessions' },
        h(
          'thead',
          null,
          h(
            'tr',
            null,
            h('td', null),
            Object.entries(SPANS).map(([span, label]) =>
              h(
                'th',
                { key: span, scope: 'col', class: 'number' },
                span === 'total' ? null : h('span', { class: 'unseen' }, 'in the last '),
                label,
              ),
            ),
          ),
        ),
        h(
          'tbody',
          null,
          h(
            'tr',
            null,
            h('th', { scope: 'row' }, asOf.value === null ? 'Active now' : 'Active then'),
            h('td', { class: 'total-active', colSpan: 4 }, numberText(shown?.active.sessions)),
          ),
          Object.entries(ROWS).map(([tally, label]) =>
            h(
              'tr',
              { key: tally },
              h('th', { scope: 'row' }, h('span', { class: `swatch swatch-${tally}` }), label),
              Object.keys(SPANS).map((span) =>
                h(
                  'td',
                  { key: span, class: 'number' },
                  numberText(shown?.[tally as keyof typeof ROWS][span as keyof typeof SPANS]),
                ),
              ),
            ),
          ),
        ),
      ),
    ),
    h('p', { class: 'label table-note' }, `The total counts since ${since}, when the store began.`),
  );
}
