import type { ReceiverStats } from '../../contract/receiver.ts';
import { now } from '../model/shown.ts';
import { Name } from '../parts/name.ts';
import { type Column, Table } from '../parts/table.ts';
import { h, type View } from '../parts/view.ts';
import { numberText, UNKNOWN } from '../words/numbers.ts';
import { Ago } from './ago.ts';
import { type Poll, pollsOf } from './ingest-answer.ts';

const COLUMNS: readonly Column<Poll>[] = [
  { title: 'Host', cell: ({ host }) => h(Name, { text: host }) },
  { title: 'Virtual proxy', cell: ({ virtualProxy }) => h(Name, { text: virtualProxy || '(default)' }) },
  {
    title: 'Latest poll',
    cell: ({ polledAt, ok }) => (polledAt === null ? 'none yet' : ok ? 'answered' : 'failed'),
  },
  { title: 'Asked', isNumber: true, cell: ({ polledAt }) => h(Ago, { at: polledAt, now }) },
  { title: 'Answer is of', isNumber: true, cell: ({ answeredAt }) => h(Ago, { at: answeredAt, now }) },
  { title: 'Sessions', isNumber: true, cell: ({ sessions }) => numberText(sessions) },
  {
    title: 'Failed',
    isNumber: true,
    cell: ({ failed, polls }) => `${numberText(failed)} of ${numberText(polls)}`,
  },
  { title: 'Error', cell: ({ error }) => h(Name, { text: error ?? UNKNOWN }) },
];

/** What proxies answered when they were asked; nothing where none is. */
export function PollsTable({ receivers }: { readonly receivers: readonly ReceiverStats[] }): View | null {
  const polls = pollsOf(receivers);
  if (polls.length === 0)
    return h('p', { class: 'label' }, 'No proxy is asked who is on: there are no polls.');
  return h(Table<Poll>, {
    label: 'Polls',
    caption: 'Polls',
    className: 'low-frame',
    columns: COLUMNS,
    rows: polls,
    keyOf: ({ receiver, host, virtualProxy }) => `${receiver} ${host} ${virtualProxy}`,
  });
}
