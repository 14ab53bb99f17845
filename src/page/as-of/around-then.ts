import type { Answers } from '../../journal/read/answers.ts';
import { useAnswer } from '../model/answer.ts';
import { asOf } from '../model/look.ts';
import { filterParameters } from '../model/shown.ts';
import { Notice, Section } from '../parts/section.ts';
import { h, type View } from '../parts/view.ts';
import { SessionLink } from '../session/session-link.ts';
import { appName, userName } from '../words/names.ts';
import { numberText } from '../words/numbers.ts';
import { timeText } from '../words/time.ts';

const MOST = 50;

type Around = Answers['around'];

/** What was opened shortly before the moment that the page shows. Nothing while it shows now. */
export function AroundThen(): View | null {
  return asOf.value === null ? null : h(Opened, null);
}

function Opened(): View {
  const answer = useAnswer<Around>(
    () =>
      asOf.value === null
        ? null
        : {
            route: 'around',
            parameters: { ...filterParameters.value, at: new Date(asOf.value).toISOString(), limit: MOST },
          },
    null,
  );
  const { value, problem } = answer.value;
  return h(
    Section,
    { title: 'Around then', className: 'around' },
    problem === null ? null : h('p', { class: 'problem' }, `This could not be read: ${problem}.`),
    value === null ? null : h('p', { class: 'label' }, summary(value)),
    value === null || value.items.length === 0
      ? null
      : h(
          'ol',
          { class: 'opened', 'aria-label': 'What was opened', tabIndex: 0 },
          value.items.map((item) => h(Item, { key: item.seq, item })),
        ),
    value === null && problem === null ? h(Notice, null, 'Reading …') : null,
  );
}

function summary({ from, at, total, totalIsAtLeast, items }: Around): string {
  const time = `between ${timeText(from, 'clock')} and ${timeText(at, 'clock')}`;
  if (items.length === 0) return `No session and no app was opened ${time}, as far as is known.`;
  const all = `${totalIsAtLeast ? 'more than ' : ''}${numberText(total)}`;
  const which = items.length < total ? `The nearest ${items.length} of ${all}` : `All ${all}`;
  return `${which} sessions and apps opened ${time}, the nearest first.`;
}

function Item({ item }: { readonly item: Around['items'][number] }): View {
  const name = h('bdi', null, userName(item.user));
  return h(
    'li',
    null,
    h(
      'time',
      { dateTime: item.at, title: timeText(item.at, 'full') },
      `${numberText(Math.round(item.secondsBefore))} s before`,
    ),
    h(
      'span',
      { class: 'opened-what' },
      item.sessionId === null ? name : h(SessionLink, { id: item.sessionId }, name),
      item.kind === 'connection_open'
        ? [' opened ', h('bdi', { key: 'app' }, appName(item))]
        : ' began a session',
      item.host === null ? null : h('span', { class: 'label' }, ' on ', h('bdi', null, item.host)),
    ),
  );
}
