import { connection, liveCounts } from '../model/live.ts';
import { h, type View } from '../parts/view.ts';
import { timeText } from '../words/time.ts';

/** What makes the numbers below it other than they look. Nothing while all is well. */
export function Banner(): View {
  return h(
    'div',
    { class: 'banners', role: 'alert' },
    problems().map((text) => h('p', { key: text, class: 'banner' }, text)),
  );
}

function problems(): string[] {
  const shown = liveCounts.value;
  if (connection.value === 'lost') {
    return [
      shown === null
        ? 'Headcount does not answer. This page goes on by itself as soon as it does.'
        : `Headcount does not answer. The numbers are of ${timeText(shown.asOf, 'date')}; this page goes on by itself.`,
    ];
  }
  return [];
}
