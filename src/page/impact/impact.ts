import { computed, effect, signal } from '@preact/signals';
import type { Answers, ImpactItem } from '../../journal/read/answers.ts';
import { useAnswer } from '../model/answer.ts';
import { liveCounts } from '../model/live.ts';
import { asOf, filter } from '../model/look.ts';
import { now } from '../model/shown.ts';
import { Name } from '../parts/name.ts';
import { useOnScreen } from '../parts/on-screen.ts';
import { Notice, Section } from '../parts/section.ts';
import { type Column, Table } from '../parts/table.ts';
import { h, type View } from '../parts/view.ts';
import { SessionLink } from '../session/session-link.ts';
import { appName, userName } from '../words/names.ts';
import { countText, numberText, UNKNOWN } from '../words/numbers.ts';
import { durationText, shortTime, timeText } from '../words/time.ts';
import { impactText } from './impact-text.ts';
import { PartChoice } from './part-choice.ts';
import { fullestHost, partShown } from './part-of-site.ts';
import { SaveImpact } from './save-impact.ts';

const EVERY_MS = 10_000;
const MOST_LISTED = 100;

const chosen = signal<string | null>(null);
/** The host that is looked at where nobody has chosen one. It stays, although another one may have more sessions later. */
const usual = signal<string | null>(null);
effect(() => {
  if (usual.value === null) usual.value = fullestHost(liveCounts.value?.hosts ?? []);
});
effect(() => {
  void filter.host.value;
  void filter.virtualProxy.value;
  chosen.value = null;
});
const part = computed(() =>
  partShown(chosen.value, { host: filter.host.value, virtualProxy: filter.virtualProxy.value }, usual.value),
);

/** Who is hit if a host or a virtual proxy stops now, and for how long that will be so. */
export function Impact(): View {
  const { place, isOnScreen, isDue } = useOnScreen();
  const known = useAnswer<Answers['impact']>(
    () =>
      part.value === null || !isDue.value
        ? null
        : { route: 'impact', parameters: { ...part.value, limit: MOST_LISTED } },
    isOnScreen.value ? EVERY_MS : null,
  );
  const { value, problem, isChanging } = known.value;
  return h(
    'div',
    { ref: place },
    h(
      Section,
      { title: 'Impact', tools: value === null ? null : h(SaveImpact, { part: part.value }) },
      h(PartChoice, { part: part.value, chosen }),
      asOf.value === null
        ? null
        : h('p', { class: 'label' }, 'This is of now, whatever moment is looked at.'),
      problem === null ? null : h('p', { class: 'problem' }, `Who is hit is not known: ${problem}.`),
      value === null
        ? h(Notice, null, part.value === null ? 'No host is known yet.' : 'Asking who is on …')
        : h('div', { class: 'impact-found', 'aria-busy': isChanging }, h(Found, { shown: value })),
    ),
  );
}

function Found({ shown }: { readonly shown: Answers['impact'] }): View {
  const { sessions, users, connectedUsers, lingering, lastTimeoutAt, items, nextCursor } = shown;
  return h(
    'div',
    null,
    h('p', { class: 'impact-text' }, impactText(shown, now.value)),
    h(
      'dl',
      { class: 'numbers' },
      h(Figure, { label: 'Sessions', text: numberText(sessions) }),
      h(Figure, { label: 'Users', text: numberText(users) }),
      h(Figure, { label: 'Connected', text: numberText(connectedUsers) }),
      h(Figure, { label: 'Lingering', text: numberText(lingering) }),
      h(Figure, {
        label: 'Last time-out',
        text: lastTimeoutAt === null ? UNKNOWN : shortTime(lastTimeoutAt, now.value),
      }),
    ),
    items.length === 0
      ? null
      : h(Table<ImpactItem>, {
          label: 'Who is hit',
          className: 'low-frame',
          columns: COLUMNS,
          rows: items,
          keyOf: ({ id }) => id,
        }),
    nextCursor === null
      ? null
      : h(
          'p',
          { class: 'label' },
          `The newest ${countText(items.length, 'session')}. All of them are in the CSV.`,
        ),
  );
}

function Figure({ label, text }: { readonly label: string; readonly text: string }): View {
  return h('div', null, h('dt', null, label), h('dd', null, text));
}

const COLUMNS: readonly Column<ImpactItem>[] = [
  { title: 'User', cell: ({ id, user }) => h(SessionLink, { id }, h(Name, { text: userName(user) })) },
  { title: 'Open apps', cell: (item) => h(Name, { text: appsText(item) }) },
  {
    title: 'On since',
    cell: ({ startedAt }) =>
      h(
        'time',
        { dateTime: startedAt, title: timeText(startedAt, 'full') },
        shortTime(startedAt, now.peek()),
      ),
  },
  {
    title: 'Times out in',
    isNumber: true,
    cell: ({ timesOutAt }) => (timesOutAt === null ? 'app open' : h(Remaining, { timesOutAt })),
  },
];

function appsText({ openConnections, apps }: ImpactItem): string {
  if (openConnections === 0) return 'none';
  const names = apps.map(appName).join(', ');
  return names === '' ? countText(openConnections, 'app') : names;
}

/** Counts down by itself, so that the table around it does not have to be drawn each second. */
function Remaining({ timesOutAt }: { readonly timesOutAt: string }): View {
  return h('span', null, durationText((Date.parse(timesOutAt) - now.value) / 1000));
}
