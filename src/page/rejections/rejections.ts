import { useSignal } from '@preact/signals';
import type { Answers } from '../../journal/read/answers.ts';
import { useAnswer } from '../model/answer.ts';
import { asOf, filter } from '../model/look.ts';
import { shownAt } from '../model/shown.ts';
import { Name } from '../parts/name.ts';
import { Notice, Section } from '../parts/section.ts';
import { type Column, Table } from '../parts/table.ts';
import { h, type View } from '../parts/view.ts';
import { SessionLink } from '../session/session-link.ts';
import { EVENT_REASON_WORDS } from '../words/events.ts';
import { userName } from '../words/names.ts';
import { countText, UNKNOWN } from '../words/numbers.ts';
import { shortTime, timeText } from '../words/time.ts';

type Rejection = Answers['rejections']['items'][number];

const FEW = 10;
/** As many as the API gives at once. */
const MANY = 100;
const EVERY_MS = 10_000;

/** Whom Sense refused, why, and the sessions that held the seats then. */
export function Rejections(): View {
  const isLong = useSignal(false);
  const known = useAnswer<Answers['rejections']>(
    () => ({
      route: 'rejections',
      parameters: {
        host: filter.host.value,
        to: asOf.value === null ? null : new Date(asOf.value).toISOString(),
        limit: isLong.value ? MANY : FEW,
      },
    }),
    EVERY_MS,
  );
  const { value, problem } = known.value;
  const hasMore = value?.nextCursor != null;
  const toggle = h(
    'button',
    {
      type: 'button',
      class: 'quiet',
      onClick: () => {
        isLong.value = !isLong.value;
      },
    },
    isLong.value ? `Show the latest ${FEW}` : `Show up to ${MANY}`,
  );
  return h(
    Section,
    { title: 'Rejections', tools: hasMore || isLong.value ? toggle : null },
    problem === null ? null : h('p', { class: 'problem' }, `Rejections are not known: ${problem}.`),
    h(NotFiltered, null),
    h(List, { rejections: value?.items ?? null }),
  );
}

function NotFiltered(): View | null {
  if (filter.app.value === null && filter.virtualProxy.value === null) return null;
  return h(
    'p',
    { class: 'label' },
    'A rejection names neither an app nor a virtual proxy, so all of them are here.',
  );
}

function List({ rejections }: { readonly rejections: readonly Rejection[] | null }): View {
  if (rejections === null) return h(Notice, null, 'Asking who was rejected …');
  if (rejections.length === 0) return h(Notice, null, 'Nobody was rejected, as far as is known.');
  return h(Table<Rejection>, {
    label: 'Rejections',
    className: 'low-frame',
    columns: COLUMNS,
    rows: rejections,
    keyOf: ({ seq }) => seq,
  });
}

const COLUMNS: readonly Column<Rejection>[] = [
  {
    title: 'When',
    cell: ({ at }) => h('time', { dateTime: at, title: timeText(at, 'full') }, shortTime(at, shownAt.peek())),
  },
  { title: 'User', cell: ({ user }) => h(Name, { text: userName(user) }) },
  { title: 'Why', cell: ({ reason }) => (reason === null ? UNKNOWN : EVENT_REASON_WORDS[reason]) },
  { title: 'Host', cell: ({ host }) => h(Name, { text: host ?? UNKNOWN }) },
  { title: 'Seats held by', cell: ({ heldBy }) => h(Holders, { heldBy }) },
];

/** On request, because there may be many. */
function Holders({ heldBy }: Pick<Rejection, 'heldBy'>): View | null {
  // Only the limit of parallel sessions is about seats.
  if (heldBy.length === 0) return null;
  return h(
    'details',
    { class: 'holders' },
    h('summary', null, countText(heldBy.length, 'session')),
    h(
      'ul',
      null,
      heldBy.map(({ id, startedAt, endedAt, host, browser }) =>
        h(
          'li',
          { key: id },
          h(SessionLink, { id }, `since ${shortTime(startedAt, shownAt.peek())}`),
          endedAt === null ? ', still open' : `, until ${shortTime(endedAt, shownAt.peek())}`,
          host === null ? '' : h('bdi', null, ` on ${host}`),
          browser === null ? '' : ` (${browser})`,
        ),
      ),
    ),
  );
}
