import type { SessionItem } from '../../journal/read/answers.ts';
import { sessionId } from '../model/look.ts';
import { now } from '../model/shown.ts';
import { h, type View } from '../parts/view.ts';
import { Duration } from '../session/duration.ts';
import { SessionLink } from '../session/session-link.ts';
import { SessionState } from '../session/session-state.ts';
import { appName, userName } from '../words/names.ts';
import { numberText, UNKNOWN } from '../words/numbers.ts';
import { shortTime, timeText } from '../words/time.ts';
import type { ColumnName } from './columns.ts';
import { firstOf } from './session-list.ts';

const MOST_APPS = 3;

/** What stands in a column of a session. */
export type Cell = (session: SessionItem) => View;

export const CELLS: Readonly<Record<ColumnName, Cell>> = {
  user: ({ id, user }) => {
    const name = userName(user);
    return h(
      'th',
      { scope: 'row', class: 'one-line' },
      h(SessionLink, { id, title: name }, h('bdi', null, name)),
    );
  },
  state: (session) => h('td', null, h(SessionState, { session })),
  started: ({ startedAt, startExact }) => timeCell(startedAt, startExact),
  ended: ({ endedAt, endExact }) => timeCell(endedAt, endExact),
  duration: (session) => h('td', { class: 'number' }, h(Duration, { session })),
  host: ({ host }) => textCell(host),
  virtualProxy: ({ virtualProxy }) => textCell(virtualProxy),
  apps: ({ apps }) => h('td', null, h(Apps, { apps })),
  connections: ({ connections }) => h('td', { class: 'number' }, numberText(connections)),
  browser: ({ browser }) => textCell(browser),
  os: ({ os }) => textCell(os),
  lastActivity: ({ lastActivityAt }) => timeCell(lastActivityAt, true),
};

export function Row({
  session,
  columns,
}: {
  readonly session: SessionItem;
  readonly columns: readonly { readonly name: ColumnName; readonly cell: Cell }[];
}): View {
  return h(
    'tr',
    {
      // The link is for everybody; a click elsewhere in the row is the shorter way with a mouse.
      onClick: ({ target, currentTarget }) => {
        if ((target as Element).closest('a') !== null || getSelection()?.isCollapsed === false) return;
        // It gets the focus back when the session is closed.
        currentTarget.querySelector('a')?.focus();
        sessionId.value = session.id;
      },
    },
    columns.map(({ name, cell }) => h(CellOf, { key: name, cell, session })),
  );
}

function CellOf({ cell, session }: { readonly cell: Cell; readonly session: SessionItem }): View {
  return cell(session);
}

export function textCell(text: string | null): View {
  return h('td', { class: 'one-line', title: text ?? 'unknown' }, h('bdi', null, text ?? UNKNOWN));
}

function timeCell(time: string | null, isExact: boolean): View {
  if (time === null) return h('td', null);
  const about = isExact ? '' : 'about ';
  return h(
    'td',
    { class: 'time', title: about + timeText(time, 'full') },
    isExact ? null : h('abbr', { title: 'about: no line said when' }, '~'),
    h('time', { dateTime: time }, shortTime(time, now.peek())),
  );
}

function Apps({ apps }: { readonly apps: SessionItem['apps'] }): View {
  const { shown, more } = firstOf(apps, MOST_APPS);
  return h(
    'span',
    { class: 'session-apps', title: apps.map(appName).join('\n') },
    h(
      'span',
      { class: 'app-names' },
      shown.map((app, place) => [
        place === 0 ? null : ', ',
        h('bdi', { key: app.appId, class: app.appName === null ? 'unnamed' : '' }, appName(app)),
      ]),
    ),
    more === 0 ? null : h('span', null, `+${more}`),
  );
}
