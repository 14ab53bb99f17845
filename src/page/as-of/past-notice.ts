import { asOf } from '../model/look.ts';
import { counts, countsProblem } from '../model/shown.ts';
import { h, type View } from '../parts/view.ts';
import { QUALITY_WORDS, reasonText } from '../words/quality.ts';
import { timeText } from '../words/time.ts';

/** That the page shows a past moment, and how much anybody knows of it. It is read out when it changes. */
export function PastNotice(): View {
  const at = asOf.value;
  return h('div', { class: 'past-notice', role: 'status' }, at === null ? null : h(Notice, { at }));
}

function Notice({ at }: { readonly at: number }): View {
  const shown = counts.value;
  const problem = countsProblem.value;
  return h(
    'div',
    { class: `past quality-${shown?.quality ?? 'waiting'}` },
    h('p', null, 'This page shows a past moment: ', h('strong', null, timeText(at, 'full')), '.'),
    problem === null ? null : h('p', null, `The numbers of then could not be read: ${problem}.`),
    shown === null
      ? null
      : h(
          'p',
          null,
          h('span', { class: 'quality-word' }, shown.quality),
          ' ',
          [QUALITY_WORDS[shown.quality], ...shown.reasons.map(reasonText)].join(' '),
        ),
  );
}
