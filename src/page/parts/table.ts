import type { ComponentChildren } from 'preact';
import { h, type View } from './view.ts';

export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => ComponentChildren;
  readonly isNumber?: boolean;
}

/** A plain table, which scrolls sideways where it is too wide. The first column says what a row is about. */
export function Table<Row>({
  label,
  caption = null,
  columns,
  rows,
  keyOf,
  className = '',
}: {
  /** Its accessible name, which `caption` is where there is one. */
  readonly label: string;
  readonly caption?: ComponentChildren;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string | number;
  readonly className?: string;
}): View {
  const numberClass = ({ isNumber = false }: Column<Row>) => (isNumber ? 'number' : '');
  return h(
    'div',
    { class: `table-frame ${className}`, tabIndex: 0, role: 'group', 'aria-label': `${label}, scrolls` },
    h(
      'table',
      { class: 'plain', 'aria-label': label },
      caption === null ? null : h('caption', null, caption),
      h(
        'thead',
        null,
        h(
          'tr',
          null,
          columns.map((column) =>
            h('th', { key: column.title, scope: 'col', class: numberClass(column) }, column.title),
          ),
        ),
      ),
      h(
        'tbody',
        null,
        rows.map((row) =>
          h(
            'tr',
            { key: keyOf(row) },
            columns.map((column, place) =>
              place === 0
                ? h('th', { key: column.title, scope: 'row', class: numberClass(column) }, column.cell(row))
                : h('td', { key: column.title, class: numberClass(column) }, column.cell(row)),
            ),
          ),
        ),
      ),
    ),
  );
}
