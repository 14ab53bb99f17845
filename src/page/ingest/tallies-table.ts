import { type Column, Table } from '../parts/table.ts';
import { h, type View } from '../parts/view.ts';
import { numberText } from '../words/numbers.ts';
import { byCount, type Ingest, type Tally, tallies } from './ingest-answer.ts';

const COUNT: Column<Tally> = { title: 'Messages', isNumber: true, cell: ({ count }) => numberText(count) };

/** The books: what was received, and what became of it. */
export function TalliesTable({ ingest }: { readonly ingest: Ingest }): View {
  return h(Table<Tally>, {
    label: 'Messages',
    caption: 'Messages',
    columns: [{ title: 'What', cell: ({ name }) => name }, COUNT],
    rows: tallies(ingest),
    keyOf: ({ name }) => name,
  });
}

export function RefusedTable({ refused, refusalWords }: Pick<Ingest, 'refused' | 'refusalWords'>): View {
  const reasons = byCount(refused);
  return h(Table<Tally>, {
    label: 'Refused by reason',
    caption: 'Refused by reason',
    columns: [
      { title: 'Reason', cell: ({ name }) => refusalWords[name] ?? name.replaceAll('_', ' ') },
      COUNT,
    ],
    rows: reasons.length === 0 ? [{ name: 'nothing was refused', count: 0 }] : reasons,
    keyOf: ({ name }) => name,
  });
}
