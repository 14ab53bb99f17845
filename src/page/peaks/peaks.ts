import { signal } from '@preact/signals';
import type { Answers } from '../../journal/read/answers.ts';
import { useAnswer } from '../model/answer.ts';
import { asOf, filter } from '../model/look.ts';
import { now } from '../model/shown.ts';
import { RadioRow } from '../parts/choice.ts';
import { useOnScreen } from '../parts/on-screen.ts';
import { Notice, Section } from '../parts/section.ts';
import { h, type View } from '../parts/view.ts';
import { countText } from '../words/numbers.ts';
import { timeText, zoneName } from '../words/time.ts';
import { firstMidnight, type HeatDay, heatDays, highest, type Measure } from './heat-map.ts';
import { HeatTable } from './heat-table.ts';

const MEASURES = { sessions: 'Sessions', users: 'Users', seats: 'Seats' } as const;
const ONE = { sessions: 'session', users: 'user', seats: 'seat' } as const;
const SPANS = { '7': '7 days', '28': '28 days' } as const;
/** Counting them anew is work, and only the latest hour changes. */
const EVERY_MS = 300_000;
/** More than the hours of 28 days. */
const MOST_HOURS = 1_000;

const measure = signal<Measure>('sessions');
const span = signal<'7' | '28'>('7');

/** When most people were on, by day and hour. */
export function Peaks(): View {
  const { place, isOnScreen, isDue } = useOnScreen();
  const known = useAnswer<Answers['peaks']>(
    () => {
      if (!isDue.value) return null;
      // The time moves each second, and the question must not.
      const end = asOf.value ?? now.peek();
      return {
        route: 'peaks',
        parameters: {
          by: 'hour',
          from: new Date(firstMidnight(end, Number(span.value), zoneName())).toISOString(),
          to: asOf.value === null ? null : new Date(end).toISOString(),
          timeZone: zoneName(),
          host: filter.host.value,
          virtualProxy: filter.virtualProxy.value,
          limit: MOST_HOURS,
        },
      };
    },
    isOnScreen.value ? EVERY_MS : null,
  );
  const { value, problem } = known.value;
  const days = value === null ? null : heatDays(value.items, measure.value, zoneName());
  return h(
    'div',
    { ref: place },
    h(
      Section,
      {
        title: 'Peaks',
        tools: [
          h(RadioRow, { key: 'of', label: 'Peaks of', options: MEASURES, chosen: measure }),
          h(RadioRow, { key: 'days', label: 'Days', options: SPANS, chosen: span }),
        ],
      },
      problem === null ? null : h('p', { class: 'problem' }, `Peaks are not known: ${problem}.`),
      filter.app.value === null ? null : h('p', { class: 'label' }, 'Peaks are of all apps.'),
      days === null ? h(Notice, null, 'Counting …') : h(HeatMap, { days }),
    ),
  );
}

function HeatMap({ days }: { readonly days: readonly HeatDay[] }): View {
  const top = highest(days);
  return h(
    'div',
    null,
    h('p', { class: 'peak-text' }, topText(top?.peak ?? null, top?.at ?? null)),
    h(HeatTable, { days, most: top?.peak ?? 0 }),
    h(
      'p',
      { class: 'label' },
      h('span', { class: 'heat-sample', 'aria-hidden': true }),
      `Hatched hours with – are not known: Headcount did not run, or what it knew is deleted. Times are of ${zoneName()}.`,
    ),
  );
}

function topText(peak: number | null, at: string | null): string {
  if (peak === null || at === null) return 'Nothing is known of these days.';
  return `The most at once: ${countText(peak, ONE[measure.value])}, first on ${timeText(at, 'day')} at ${timeText(at, 'clock')}.`;
}
