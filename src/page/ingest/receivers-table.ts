import type { ReceiverStats } from '../../contract/receiver.ts';
import { Name } from '../parts/name.ts';
import { type Column, Table } from '../parts/table.ts';
import { h, type View } from '../parts/view.ts';
import { numberText, UNKNOWN } from '../words/numbers.ts';
import { sum } from './ingest-answer.ts';

const COLUMNS: readonly Column<ReceiverStats>[] = [
  { title: 'Receiver', cell: ({ name }) => h(Name, { text: name }) },
  { title: 'Listens at', cell: (receiver) => h(Name, { text: listeningText(receiver) }) },
  { title: 'Received', isNumber: true, cell: ({ received }) => numberText(received) },
  { title: 'Refused', isNumber: true, cell: ({ refused }) => numberText(sum(refused)) },
  { title: 'Kernel dropped', isNumber: true, cell: ({ kernelDropped }) => numberText(kernelDropped) },
];

export function ReceiversTable({ receivers }: { readonly receivers: readonly ReceiverStats[] }): View {
  return h(Table<ReceiverStats>, {
    label: 'Receivers',
    caption: 'Receivers',
    columns: COLUMNS,
    rows: receivers,
    keyOf: ({ name }) => name,
  });
}

function listeningText({ listening }: ReceiverStats): string {
  if (listening === undefined) return UNKNOWN;
  return listening.length === 0 ? 'does not listen' : listening.join(', ');
}
