import { tracked } from '../model/look.ts';
import { Section } from '../parts/section.ts';
import { h, type View } from '../parts/view.ts';
import { numberText } from '../words/numbers.ts';
import { AppCell } from './app-cell.ts';
import { keepFocus } from './keep-focus.ts';
import { nameOfApp } from './names.ts';
import { isEveryApp, openApps } from './open-apps.ts';
import { type AppRow, trackedRows } from './rows.ts';

/** The apps that somebody wants to see, with lines of their own in the graphs. */
export function TrackedApps(): View {
  const rows = trackedRows(tracked.value, openApps.value, isEveryApp.value, nameOfApp);
  return h(
    Section,
    { title: 'Tracked applications' },
    h(
      'div',
      { class: 'table-frame apps', tabIndex: 0, role: 'group', 'aria-label': 'List of tracked apps' },
      h(
        'table',
        { 'aria-label': 'Tracked applications' },
        h(
          'thead',
          null,
          h(
            'tr',
            null,
            h('th', { scope: 'col' }, 'Application'),
            h('th', { scope: 'col', class: 'number' }, 'Users'),
            h('th', { scope: 'col', class: 'number' }, 'Connections'),
            h('th', { scope: 'col', class: 'number' }, 'Opened in the last second'),
            h('th', { scope: 'col', class: 'number' }, 'Opened in total'),
            h('td', null),
          ),
        ),
        h(
          'tbody',
          null,
          rows.map((row) => h(Row, { key: row.appId, row })),
          rows.length > 0
            ? null
            : h(
                'tr',
                null,
                h('td', { colSpan: 6, class: 'notice' }, 'None yet. "Track" takes one from the other list.'),
              ),
        ),
      ),
    ),
  );
}

function Row({ row }: { readonly row: AppRow }): View {
  return h(
    'tr',
    null,
    h(AppCell, { row }),
    h('td', { class: 'number' }, numberText(row.users)),
    h('td', { class: 'number' }, numberText(row.connections)),
    h('td', { class: 'number' }, numberText(row.openedLastSecond)),
    h('td', { class: 'number' }, numberText(row.openedTotal)),
    h(
      'td',
      { class: 'number' },
      h(
        'button',
        {
          type: 'button',
          // Its name is the word; which app it is about is the header of its row.
          title: `Untrack ${row.name}`,
          onClick: ({ currentTarget }) => {
            keepFocus(currentTarget);
            tracked.value = tracked.value.filter((appId) => appId !== row.appId);
          },
        },
        'Untrack',
      ),
    ),
  );
}
