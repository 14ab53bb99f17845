import { Notice, Section } from '../parts/section.ts';
import { h, type View } from '../parts/view.ts';
import { timeText } from '../words/time.ts';
import { HostsTable } from './hosts-table.ts';
import type { Ingest as Answer } from './ingest-answer.ts';
import { ingestKnown } from './ingest-known.ts';
import { PollsTable } from './polls-table.ts';
import { ReceiversTable } from './receivers-table.ts';
import { SinksTable } from './sinks-table.ts';
import { StormsTable } from './storms-table.ts';
import { RefusedTable, TalliesTable } from './tallies-table.ts';

/** What came in, what became of it, and where it went. */
export function Ingest(): View {
  const { value, problem } = ingestKnown.value;
  return h(
    Section,
    {
      title: 'Ingest',
      className: 'ingest',
      tools: value === null ? null : h('span', { class: 'label' }, `since ${timeText(value.since, 'date')}`),
    },
    problem === null ? null : h('p', { class: 'problem' }, `What comes in is not known: ${problem}.`),
    value === null ? h(Notice, null, 'Asking what came in …') : h(Tables, { ingest: value }),
  );
}

function Tables({ ingest }: { readonly ingest: Answer }): View {
  return h(
    'div',
    { class: 'ingest-tables' },
    h('div', { class: 'columns' }, h(TalliesTable, { ingest }), h(RefusedTable, ingest)),
    h(ReceiversTable, { receivers: ingest.receivers }),
    h(HostsTable, { ingest }),
    h(StormsTable, { storms: ingest.storms }),
    h(SinksTable, { sinks: ingest.sinks }),
    h(PollsTable, { receivers: ingest.receivers }),
  );
}
