import { liveCounts } from '../model/live.ts';
import { now } from '../model/shown.ts';
import { Name } from '../parts/name.ts';
import { type Column, Table } from '../parts/table.ts';
import { h, type View } from '../parts/view.ts';
import { numberText } from '../words/numbers.ts';
import { shortTime } from '../words/time.ts';
import { Ago } from './ago.ts';
import { clockText, hostLines, type Ingest, type IngestHost } from './ingest-answer.ts';

const COLUMNS: readonly Column<IngestHost>[] = [
  { title: 'Host', cell: ({ host }) => h(Name, { text: host }) },
  {
    title: 'Silence',
    cell: ({ silentSince }) =>
      silentSince === null
        ? 'none'
        : h('strong', { class: 'silent' }, `since ${shortTime(silentSince, now.peek())}`),
  },
  { title: 'Last event', isNumber: true, cell: ({ lastEventAt }) => h(Ago, { at: lastEventAt, now }) },
  {
    title: 'Clock',
    isNumber: true,
    cell: ({ clockOffsetSeconds }) => clockText(clockOffsetSeconds),
  },
  { title: 'Rows missing', isNumber: true, cell: ({ rowsMissing }) => numberText(rowsMissing) },
  { title: 'Notes', cell: notesText },
];

/** When each node was heard last, whether that is long for it, what of its lines is missing, and how its clock goes. */
export function HostsTable({ ingest }: { readonly ingest: Ingest }): View {
  if (ingest.hosts.length === 0) return h('p', { class: 'label' }, 'Nothing has come from any host yet.');
  const rows = hostLines(ingest.hosts, liveCounts.value?.hosts ?? []);
  return h(
    'div',
    null,
    h(Table<IngestHost>, {
      label: 'Lines by host',
      caption: 'Lines by host',
      className: 'low-frame',
      columns: COLUMNS,
      rows,
      keyOf: ({ host }) => host,
    }),
    ingest.hostsTotal > rows.length
      ? h(
          'p',
          { class: 'label' },
          `The ${rows.length} with the most to say, of ${numberText(ingest.hostsTotal)} hosts.`,
        )
      : null,
  );
}

function notesText({ bothLayouts, keysIgnored }: IngestHost): string {
  const notes = [
    bothLayouts ? 'sends two layouts, so each event counts twice' : null,
    keysIgnored ? 'its session keys are not constant and are ignored' : null,
  ];
  return notes.filter((note) => note !== null).join('; ');
}
