import { useEffect } from 'preact/hooks';
import type { Answers, ApplicationItem } from '../../journal/read/answers.ts';
import { GraphFigure } from '../graphs/figure.ts';
import { useAnswer } from '../model/answer.ts';
import { filter, windowName } from '../model/look.ts';
import { Name } from '../parts/name.ts';
import { useOnScreen } from '../parts/on-screen.ts';
import { Section } from '../parts/section.ts';
import { type Column, Table } from '../parts/table.ts';
import { h, type View } from '../parts/view.ts';
import { ActiveOnly } from '../sessions/active-only.ts';
import { COLUMNS, type ColumnName } from '../sessions/columns.ts';
import { Download } from '../sessions/download.ts';
import { FindUser } from '../sessions/find-user.ts';
import { ListOfSessions } from '../sessions/list-of-sessions.ts';
import { CELLS, textCell } from '../sessions/row.ts';
import { SessionList } from '../sessions/session-list.ts';
import type { TableColumn } from '../sessions/table.ts';
import { numberText } from '../words/numbers.ts';
import { durationText } from '../words/time.ts';
import { ApplicationCards } from './application-cards.ts';
import { applicationsGraph, isGraphSeen } from './graph.ts';
import { range } from './range.ts';

type Found = Answers['applications'];

/** A longer window has more sessions to look at, and changes less. */
const EVERY_MS = { '60s': 5_000, '1h': 5_000, '1d': 15_000, '1w': 60_000 } as const;
/** Where nobody sees it, or there is nothing to be seen. */
const SELDOM_MS = 30_000;

const part = () => ({ host: filter.host.value, virtualProxy: filter.virtualProxy.value });

const list = new SessionList(
  () => ({ ...part(), application: true }),
  () => ({ from: range.value.from }),
);

/** Who is on, and was, in applications that tell of their sessions themselves; nothing where there is none. */
export function Applications(): View {
  const { place, isOnScreen, isDue } = useOnScreen();
  const answer = useAnswer<Found>(
    () => (isDue.value ? { route: 'applications', parameters: { ...range.value, ...part() } } : null),
    isOnScreen.value ? EVERY_MS[windowName.value] : SELDOM_MS,
  );
  const { value, problem } = answer.value;
  const found = value !== null && value.known > 0 ? value : null;
  return h(
    'div',
    { ref: place, hidden: found === null },
    found === null ? null : h(Shown, { found, problem, isOnScreen: isOnScreen.value }),
  );
}

function Shown({
  found,
  problem,
  isOnScreen,
}: {
  readonly found: Found;
  readonly problem: string | null;
  readonly isOnScreen: boolean;
}): View {
  useEffect(() => {
    isGraphSeen.value = isOnScreen;
    return () => {
      isGraphSeen.value = false;
    };
  }, [isOnScreen]);
  return h(
    Section,
    {
      title: 'Application sessions',
      className: 'applications',
      tools: [
        h(ActiveOnly, { key: 'active', list, label: 'Online only' }),
        h(FindUser, { key: 'find', list, label: 'Find a user there' }),
        h(Download, { key: 'csv', list, label: 'Download CSV of applications' }),
      ],
    },
    problem === null ? null : h('p', { class: 'problem' }, `These numbers may be old: ${problem}.`),
    filter.app.value === null
      ? null
      : h('p', { class: 'label' }, 'These sessions open no apps of Sense, so all of them are here.'),
    h(ApplicationCards, { found }),
    found.sessions === null
      ? h('p', { class: 'label' }, 'There are too many sessions to be counted. A shorter window has fewer.')
      : null,
    h(
      'div',
      { class: 'columns' },
      h(GraphFigure, { graph: applicationsGraph }),
      found.items.length > 1 ? h(Each, { found }) : null,
    ),
    h(ListOfSessions, {
      list,
      label: 'Sessions of applications',
      columns: columnsOf(found.items),
      nobody: { isOn: 'Nobody is online.', wasThere: 'Nobody was there in this window.' },
    }),
  );
}

/** The same numbers of each application. */
function Each({ found: { items, total } }: { readonly found: Found }): View {
  return h(
    'div',
    null,
    h(Table<ApplicationItem>, {
      label: 'Applications',
      className: 'low-frame',
      columns: OF_EACH,
      rows: items,
      keyOf: ({ host }) => host,
    }),
    total === null || total <= items.length
      ? null
      : h('p', { class: 'label' }, `The ${items.length} with the most sessions, of ${numberText(total)}.`),
  );
}

const OF_EACH: readonly Column<ApplicationItem>[] = [
  { title: 'Application', cell: ({ host, name }) => h(Name, { text: name ?? host }) },
  { title: 'Online', isNumber: true, cell: ({ online }) => numberText(online) },
  { title: 'Sessions', isNumber: true, cell: ({ sessions }) => numberText(sessions) },
  { title: 'Users', isNumber: true, cell: ({ users }) => numberText(users) },
  { title: 'Average', isNumber: true, cell: ({ averageDurationSeconds: seconds }) => durationText(seconds) },
];

/** Those of the other table that have something to tell, in the words of applications. */
function columnsOf(items: readonly ApplicationItem[]): TableColumn[] {
  const names = new Map(items.map(({ host, name }) => [host, name]));
  const same = (name: ColumnName): TableColumn => ({ name, ...COLUMNS[name], cell: CELLS[name] });
  return [
    same('user'),
    same('state'),
    {
      ...{ name: 'host', ...COLUMNS.host, label: 'Application' },
      cell: ({ host }) => textCell(names.get(host ?? '') ?? host),
    },
    ...(['started', 'duration', 'lastActivity', 'browser'] as const).map(same),
  ];
}
