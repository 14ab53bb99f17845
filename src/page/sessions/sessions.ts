import { filterParameters } from '../model/shown.ts';
import { Section } from '../parts/section.ts';
import { h, type View } from '../parts/view.ts';
import { ActiveOnly } from './active-only.ts';
import { COLUMNS, shownColumns } from './columns.ts';
import { ColumnsMenu } from './columns-menu.ts';
import { Download } from './download.ts';
import { FindUser } from './find-user.ts';
import { ListOfSessions } from './list-of-sessions.ts';
import { CELLS } from './row.ts';
import { SessionList } from './session-list.ts';

const list = new SessionList(() => filterParameters.value);

/** Who is on, or was, one row a session. */
export function Sessions(): View {
  return h(
    Section,
    {
      title: 'Sessions',
      tools: [
        h(ActiveOnly, { key: 'active', list, label: 'Active only' }),
        h(FindUser, { key: 'find', list, label: 'Find a user' }),
        h(ColumnsMenu, { key: 'columns' }),
        h(Download, { key: 'csv', list, label: 'Download CSV' }),
      ],
    },
    h(ListOfSessions, {
      list,
      label: 'Sessions',
      columns: shownColumns.value.map((name) => ({ name, ...COLUMNS[name], cell: CELLS[name] })),
      nobody: { isOn: 'Nobody is on.', wasThere: 'There is no session yet.' },
    }),
  );
}
