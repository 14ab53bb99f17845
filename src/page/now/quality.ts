import { counts } from '../model/shown.ts';
import { h, type View } from '../parts/view.ts';
import { QUALITY_WORDS, rangeText, reasonText } from '../words/quality.ts';
import { timeText } from '../words/time.ts';

/** How right the numbers are, in a word; why, and between what the truth lies, on request. */
export function Quality(): View | null {
  const shown = counts.value;
  if (shown === null) return null;
  const { quality, reasons, reconciledAt, active } = shown;
  return h(
    'details',
    { class: `quality quality-${quality}` },
    h(
      'summary',
      null,
      h('span', { class: 'quality-word' }, quality),
      ' ',
      h('span', null, QUALITY_WORDS[quality]),
    ),
    h(
      'div',
      { class: 'quality-more' },
      reasons.length === 0
        ? null
        : h(
            'ul',
            null,
            reasons.map((reason) => h('li', { key: reason }, reasonText(reason))),
          ),
      active.bounds == null
        ? null
        : h(
            'p',
            null,
            `The truth lies between: sessions ${rangeText(active.bounds.sessions)}, users ${rangeText(active.bounds.users)}.`,
          ),
      reconciledAt === null
        ? null
        : h('p', null, `The proxies last agreed on ${timeText(reconciledAt, 'full')}.`),
    ),
  );
}
