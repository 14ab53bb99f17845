import { useSignal } from '@preact/signals';
import { useId } from 'preact/hooks';
import { tracked } from '../model/look.ts';
import { counts, countsProblem } from '../model/shown.ts';
import { Section } from '../parts/section.ts';
import { h, type View } from '../parts/view.ts';
import { countText, numberText } from '../words/numbers.ts';
import { AppCell } from './app-cell.ts';
import { keepFocus } from './keep-focus.ts';
import { nameOfApp } from './names.ts';
import { canAskForMore, find, MOST_WANTED, openApps, openTotal, wanted } from './open-apps.ts';
import { type AppRow, MOST_TRACKED, untrackedRows, withApps } from './rows.ts';

/** The other apps that are open. */
export function UntrackedApps(): View {
  const said = useSignal('');
  const found = untrackedRows(tracked.value, openApps.value, find.value, nameOfApp);
  const rows = found.slice(0, wanted.value);
  return h(
    Section,
    {
      title: 'Untracked applications',
      tools: h(
        'button',
        {
          type: 'button',
          disabled: rows.length === 0 || isFull(),
          onClick: () => {
            said.value = trackAll(rows);
          },
        },
        'Track all',
      ),
    },
    h(Find, null),
    h('p', { class: 'label', role: 'status' }, said.value === '' && isFull() ? FULL : said.value),
    h(
      'div',
      { class: 'table-frame apps apps-long', tabIndex: 0, role: 'group', 'aria-label': 'List of other apps' },
      h(
        'table',
        { 'aria-label': 'Untracked applications' },
        h(
          'thead',
          null,
          h(
            'tr',
            null,
            h('th', { scope: 'col' }, 'Application'),
            h('th', { scope: 'col', class: 'number' }, 'Opened in the last second'),
            h('th', { scope: 'col', class: 'number' }, 'Opened in total'),
            h('td', null),
          ),
        ),
        h(
          'tbody',
          null,
          rows.map((row) => h(Row, { key: row.appId, row })),
          rows.length > 0 ? null : h('tr', null, h('td', { colSpan: 4, class: 'notice' }, nothingText())),
        ),
      ),
    ),
    h(More, { shown: rows.length, found: found.length }),
  );
}

const FULL = `${MOST_TRACKED} applications are tracked, and more cannot be.`;

function isFull(): boolean {
  return tracked.value.length >= MOST_TRACKED;
}

function trackAll(rows: readonly AppRow[]): string {
  const before = tracked.value.length;
  tracked.value = withApps(
    tracked.value,
    rows.map(({ appId }) => appId),
  );
  const added = tracked.value.length - before;
  if (added === rows.length) return '';
  return `The first ${countText(added, 'application')} of ${numberText(rows.length)} were taken: at most ${MOST_TRACKED} can be tracked.`;
}

function nothingText(): string {
  if (countsProblem.value !== null) return `Nobody knows: ${countsProblem.value}.`;
  if (counts.value === null) return 'The numbers are on their way.';
  if (openTotal.value === null) return 'Nobody knows which applications are open there.';
  if (find.value !== '') return 'No open application has that in its name.';
  return openTotal.value === 0 ? 'No application is open.' : 'Every open application is tracked.';
}

function Find(): View {
  const id = useId();
  return h(
    'div',
    { class: 'field field-row' },
    h('label', { for: id }, 'Find an application'),
    h('input', {
      id,
      type: 'search',
      value: find.value,
      onInput: ({ currentTarget }) => {
        find.value = currentTarget.value;
      },
    }),
  );
}

function Row({ row }: { readonly row: AppRow }): View {
  return h(
    'tr',
    null,
    h(AppCell, { row }),
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
          title: `Track ${row.name}`,
          disabled: isFull(),
          onClick: ({ currentTarget }) => {
            keepFocus(currentTarget);
            tracked.value = withApps(tracked.value, [row.appId]);
          },
        },
        'Track',
      ),
    ),
  );
}

/** How many there are besides those that are listed. */
function More({ shown, found }: { readonly shown: number; readonly found: number }): View | null {
  const open = openApps.value.length;
  const unlisted = find.value === '' ? (openTotal.value ?? 0) - open + found - shown : found - shown;
  const unsearched = find.value === '' ? 0 : Math.max(0, (openTotal.value ?? 0) - open);
  if (unlisted <= 0 && unsearched === 0) return null;
  return h(
    'div',
    { class: 'more' },
    unlisted <= 0 ? null : h('p', { class: 'label' }, `${countText(unlisted, 'more application')}.`),
    unsearched === 0
      ? null
      : h(
          'p',
          { class: 'label' },
          `The ${numberText(unsearched)} with the fewest connections were not looked through.`,
        ),
    unlisted > 0 && wanted.value < MOST_WANTED && (canAskForMore.value || found > shown)
      ? h(
          'button',
          {
            type: 'button',
            onClick: () => {
              wanted.value += 100;
            },
          },
          'Show 100 more',
        )
      : null,
  );
}
