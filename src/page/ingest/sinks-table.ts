import type { SinkStats } from '../../contract/sink.ts';
import { Name } from '../parts/name.ts';
import { type Column, Table } from '../parts/table.ts';
import { h, type View } from '../parts/view.ts';
import { numberText } from '../words/numbers.ts';
import { durationText } from '../words/time.ts';
import { sum } from './ingest-answer.ts';

const COLUMNS: readonly Column<SinkStats>[] = [
  { title: 'Sink', cell: ({ name }) => h(Name, { text: name }) },
  { title: 'State', cell: ({ up }) => (up ? 'takes rows' : 'takes nothing') },
  { title: 'Delivered', isNumber: true, cell: ({ delivered }) => numberText(delivered) },
  { title: 'Pending', isNumber: true, cell: ({ pending }) => numberText(pending) },
  { title: 'Behind by', isNumber: true, cell: ({ lagSeconds }) => durationText(lagSeconds) },
  { title: 'Dead letters', isNumber: true, cell: ({ deadLettered }) => numberText(deadLettered) },
  { title: 'Dropped', isNumber: true, cell: ({ dropped }) => numberText(sum(dropped)) },
  { title: 'Latest error', cell: ({ lastError }) => h(Name, { text: lastError ?? 'none' }) },
];

/** Where rows go, and how far behind that is; nothing where no sink is set up. */
export function SinksTable({ sinks }: { readonly sinks: readonly SinkStats[] }): View {
  if (sinks.length === 0)
    return h('p', { class: 'label' }, 'No sink is set up: everything stays in the journal.');
  return h(Table<SinkStats>, {
    label: 'Sinks',
    caption: 'Sinks',
    columns: COLUMNS,
    rows: sinks,
    keyOf: ({ name }) => name,
  });
}
