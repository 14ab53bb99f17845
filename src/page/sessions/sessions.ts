import { useEffect, useRef } from 'preact/hooks';
import { useAnswer } from '../model/answer.ts';
import { asOf } from '../model/look.ts';
import { Switch } from '../parts/choice.ts';
import { Notice, Section } from '../parts/section.ts';
import { h, type View } from '../parts/view.ts';
import { timeText } from '../words/time.ts';
import { ColumnsMenu } from './columns-menu.ts';
import { Download } from './download.ts';
import {
  activeOnly,
  cursors,
  PAGE_SIZE,
  placeText,
  type SessionsPage,
  search,
  sessionsAsked,
  type Total,
  totalAsked,
  turnTo,
} from './session-list.ts';
import { SessionsTable } from './table.ts';

const EVERY_MS = 5_000;
/** Counting costs more than a page. */
const COUNTED_EVERY_MS = 30_000;
const TYPED_MS = 250;

/** Who is on, or was, one row a session. */
export function Sessions(): View {
  const answer = useAnswer<SessionsPage>(
    () => ({
      route: 'sessions',
      parameters: { ...sessionsAsked.value, limit: PAGE_SIZE, cursor: cursors.value.at(-1) ?? null },
    }),
    asOf.value === null ? EVERY_MS : null,
  );
  const { value: page, problem, isChanging } = answer.value;
  return h(
    Section,
    {
      title: 'Sessions',
      tools: [
        h(ActiveOnly, { key: 'active' }),
        h(FindUser, { key: 'find' }),
        h(ColumnsMenu, { key: 'columns' }),
        h(Download, { key: 'csv' }),
      ],
    },
    problem === null ? null : h('p', { class: 'problem' }, `The list could not be read: ${problem}.`),
    page === null
      ? problem === null
        ? h(Notice, null, 'Reading …')
        : null
      : h(SessionsTable, { page, isChanging }),
    page === null || page.items.length > 0 ? null : h(Notice, null, emptyText(page)),
    page === null ? null : h(Pages, { page }),
  );
}

function ActiveOnly(): View {
  const { value: at } = asOf;
  if (at !== null) return h('span', { class: 'label' }, `Who was on at ${timeText(at, 'date')}`);
  return h(Switch, {
    label: 'Active only',
    isOn: activeOnly.value,
    turn: (isOn) => {
      activeOnly.value = isOn;
    },
  });
}

/** Asks once somebody has stopped typing. */
function FindUser(): View {
  const timer = useRef<number>(0);
  useEffect(() => () => clearTimeout(timer.current), []);
  return h('input', {
    type: 'search',
    class: 'find',
    'aria-label': 'Find a user',
    placeholder: 'Find a user',
    maxLength: 200,
    autocomplete: 'off',
    spellcheck: false,
    defaultValue: search.peek(),
    onInput: ({ currentTarget }) => {
      clearTimeout(timer.current);
      timer.current = window.setTimeout(() => {
        search.value = currentTarget.value.trim();
      }, TYPED_MS);
    },
  });
}

function emptyText({ quality }: SessionsPage): string {
  if (quality === 'unknown') return 'Nobody knows who was on at this moment.';
  if (search.value !== '') return 'No session of such a user.';
  if (asOf.value !== null) return 'Nobody was on at this moment.';
  return activeOnly.value ? 'Nobody is on.' : 'There is no session yet.';
}

function Pages({ page }: { readonly page: SessionsPage }): View {
  const before = cursors.value;
  const counted = useAnswer<Total>(
    () => (totalAsked.value === null ? null : { route: 'sessions', parameters: totalAsked.value }),
    COUNTED_EVERY_MS,
  );
  const next = page.nextCursor;
  return h(
    'nav',
    { class: 'pages', 'aria-label': 'Pages of sessions' },
    h('span', { class: 'label' }, placeText(page, counted.value.value, before.length)),
    h(
      'button',
      { type: 'button', disabled: before.length === 0, onClick: () => turnTo(before.slice(0, -1)) },
      'Previous',
    ),
    h(
      'button',
      { type: 'button', disabled: next === null, onClick: () => next === null || turnTo([...before, next]) },
      'Next',
    ),
  );
}
