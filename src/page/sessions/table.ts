import { useLayoutEffect, useRef } from 'preact/hooks';
import { h, type View } from '../parts/view.ts';
import type { Column, ColumnName } from './columns.ts';
import { type Cell, Row } from './row.ts';
import { nextOrder, type SessionList, type SessionsPage } from './session-list.ts';

/** A column with what stands in it. */
export interface TableColumn extends Column {
  readonly name: ColumnName;
  readonly cell: Cell;
}

/** Wide enough for its columns; where the page is not, it is moved sideways in its frame. */
export function SessionsTable({
  list,
  label,
  columns,
  page,
  isChanging,
}: {
  readonly list: SessionList;
  readonly label: string;
  readonly columns: readonly TableColumn[];
  readonly page: SessionsPage;
  readonly isChanging: boolean;
}): View {
  const width = columns.reduce((sum, column) => sum + column.width, 0);
  const body = useKeptFocus();
  return h(
    'div',
    {
      class: 'table-frame sessions-frame',
      tabIndex: 0,
      role: 'group',
      'aria-label': `List of ${label.toLowerCase()}`,
    },
    h(
      'table',
      {
        class: 'sessions',
        'aria-label': label,
        'aria-busy': isChanging,
        style: { '--width': `${width}rem` },
      },
      h(
        'colgroup',
        null,
        columns.map((column) => h('col', { key: column.name, style: widthOf(column.width, width) })),
      ),
      h(
        'thead',
        null,
        h(
          'tr',
          null,
          columns.map((column) => h(Head, { key: column.name, column, order: list.order })),
        ),
      ),
      h(
        'tbody',
        { ref: body },
        page.items.map((session) => h(Row, { key: session.id, session, columns })),
      ),
    ),
  );
}

/** On a screen, and on paper, where all columns share what there is. */
function widthOf(column: number, all: number) {
  return { '--width': `${column}rem`, '--share': `${((column / all) * 100).toFixed(2)}%` };
}

function Head({
  column: { name, label, sort, firstOrder },
  order,
}: {
  readonly column: TableColumn;
  readonly order: SessionList['order'];
}): View {
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
