import type { StormView } from '../../api/storms.ts';
import { now } from '../model/shown.ts';
import { Name } from '../parts/name.ts';
import { type Column, Table } from '../parts/table.ts';
import { h, type View } from '../parts/view.ts';
import { userName } from '../words/names.ts';
import { numberText } from '../words/numbers.ts';
import { shortTime } from '../words/time.ts';

const COLUMNS: readonly Column<StormView>[] = [
  { title: 'User', cell: ({ user }) => h(Name, { text: userName(user) }) },
  { title: 'Host', cell: ({ host }) => h(Name, { text: host }) },
  {
    title: 'Starts in the last minute',
    isNumber: true,
    cell: ({ startsLastMinute }) => numberText(startsLastMinute),
  },
  { title: 'In all', isNumber: true, cell: ({ startsTotal }) => numberText(startsTotal) },
  { title: 'Since', isNumber: true, cell: ({ since }) => shortTime(since, now.peek()) },
  {
    title: 'State',
    cell: ({ endedAt }) =>
      endedAt === null ? h('strong', null, 'goes on') : `over since ${shortTime(endedAt, now.peek())}`,
  },
];

/** Who starts sessions again and again, as no person does. */
export function StormsTable({ storms }: { readonly storms: readonly StormView[] }): View {
  if (storms.length === 0) return h('p', { class: 'label' }, 'Nobody logs in again and again.');
  return h(Table<StormView>, {
    label: 'Storms',
    caption: 'Storms: who logs in again and again',
    className: 'low-frame',
    columns: COLUMNS,
    rows: storms,
    keyOf: ({ user, host, since }) => JSON.stringify([user, host, since]),
  });
}
