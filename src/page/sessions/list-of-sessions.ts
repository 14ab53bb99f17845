import { useAnswer } from '../model/answer.ts';
import { asOf } from '../model/look.ts';
import { Notice } from '../parts/section.ts';
import { h, type View } from '../parts/view.ts';
import { PAGE_SIZE, placeText, type SessionList, type SessionsPage, type Total } from './session-list.ts';
import { SessionsTable, type TableColumn } from './table.ts';

const EVERY_MS = 5_000;
/** Counting costs more than a page. */
const COUNTED_EVERY_MS = 30_000;

interface Listed {
  readonly list: SessionList;
  /** The accessible name of the table. */
  readonly label: string;
  /** From left to right. */
  readonly columns: readonly TableColumn[];
  /** What stands there where nobody is on, and where nobody was there either. */
  readonly nobody: { readonly isOn: string; readonly wasThere: string };
}

/** A table of sessions, one row each, in pages. */
export function ListOfSessions({ list, label, columns, nobody }: Listed): View {
  const answer = useAnswer<SessionsPage>(
    () => ({
      route: 'sessions',
      parameters: { ...list.asked.value, limit: PAGE_SIZE, cursor: list.cursors.value.at(-1) ?? null },
    }),
    asOf.value === null ? EVERY_MS : null,
  );
  const { value: page, problem, isChanging } = answer.value;
  return h(
    'div',
    null,
    problem === null ? null : h('p', { class: 'problem' }, `The list could not be read: ${problem}.`),
    page === null
      ? problem === null
        ? h(Notice, null, 'Reading …')
        : null
      : h(SessionsTable, { list, label, columns, page, isChanging }),
    page === null || page.items.length > 0 ? null : h(Notice, null, emptyText(list, page, nobody)),
    page === null ? null : h(Pages, { list, label, page }),
  );
}

function emptyText(
  { search, activeOnly }: SessionList,
  { quality }: SessionsPage,
  nobody: Listed['nobody'],
): string {
  if (quality === 'unknown') return 'Nobody knows who was on at this moment.';
  if (search.value !== '') return 'No session of such a user.';
  if (asOf.value !== null) return 'Nobody was on at this moment.';
  return activeOnly.value ? nobody.isOn : nobody.wasThere;
}

function Pages({
  list,
  label,
  page,
}: Pick<Listed, 'list' | 'label'> & { readonly page: SessionsPage }): View {
  const before = list.cursors.value;
  const counted = useAnswer<Total>(
    () => (list.totalAsked.value === null ? null : { route: 'sessions', parameters: list.totalAsked.value }),
    COUNTED_EVERY_MS,
  );
  const next = page.nextCursor;
  return h(
    'nav',
    { class: 'pages', 'aria-label': `Pages of ${label.toLowerCase()}` },
    h('span', { class: 'label' }, placeText(page, counted.value.value, before.length)),
    h(
      'button',
      { type: 'button', disabled: before.length === 0, onClick: () => list.turnTo(before.slice(0, -1)) },
      'Previous',
    ),
    h(
      'button',
      {
        type: 'button',
        disabled: next === null,
        onClick: () => next === null || list.turnTo([...before, next]),
      },
      'Next',
    ),
  );
}
