import { useLayoutEffect, useRef } from 'preact/hooks';
import { h, type View } from '../parts/view.ts';
import { COLUMNS, type ColumnName, shownColumns } from './columns.ts';
import { Row } from './row.ts';
import { nextOrder, order, type SessionsPage } from './session-list.ts';

/** Wide enough for its columns; where the page is not, it is moved sideways in its frame. */
export function SessionsTable({
  page,
  isChanging,
}: {
  readonly page: SessionsPage;
  readonly isChanging: boolean;
}): View {
  const columns = shownColumns.value;
  const width = columns.reduce((sum, name) => sum + COLUMNS[name].width, 0);
  const body = useKeptFocus();
  return h(
    'div',
    { class: 'table-frame sessions-frame', tabIndex: 0, role: 'group', 'aria-label': 'List of sessions' },
    h(
      'table',
      {
        class: 'sessions',
        'aria-label': 'Sessions',
        'aria-busy': isChanging,
        style: { '--width': `${width}rem` },
      },
      h(
        'colgroup',
        null,
        columns.map((name) => h('col', { key: name, style: widthOf(COLUMNS[name].width, width) })),
      ),
      h(
        'thead',
        null,
        h(
          'tr',
          null,
          columns.map((name) => h(Head, { key: name, name })),
        ),
      ),
      h(
        'tbody',
        { ref: body },
        page.items.map((session) => h(Row, { key: session.id, session })),
      ),
    ),
  );
}

/** On a screen, and on paper, where all columns share what there is. */
function widthOf(column: number, all: number) {
  return { '--width': `${column}rem`, '--share': `${((column / all) * 100).toFixed(2)}%` };
}

function Head({ name }: { readonly name: ColumnName }): View {
  const { label, sort, firstOrder } = COLUMNS[name];
  const isNumber = name === 'duration' || name === 'connections';
  const className = isNumber ? 'number' : '';
  if (sort === null) return h('th', { scope: 'col', class: className }, label);
  const { by, direction } = order.value;
  const isSorted = by === name;
  const now = direction === 'asc' ? 'ascending' : 'descending';
  return h(
    'th',
    { scope: 'col', class: className, 'aria-sort': isSorted ? now : 'none' },
    h(
      'button',
      {
        type: 'button',
        class: `sort sort-${isSorted ? direction : `none sort-${firstOrder}`}`,
        onClick: () => {
          order.value = nextOrder(order.value, name);
        },
      },
      label,
    ),
  );
}

/** A row that moves to another place would lose the focus: it gets it back. */
function useKeptFocus() {
  const body = useRef<HTMLTableSectionElement>(null);
  const focused = body.current?.contains(document.activeElement) ? document.activeElement : null;
  useLayoutEffect(() => {
    if (focused?.isConnected && document.activeElement !== focused) {
      (focused as HTMLElement).focus({ preventScroll: true });
    }
  });
  return body;
}
