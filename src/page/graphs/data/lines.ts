import type { Point, Value } from './points.ts';

/** A line of a graph. What tells it from others besides its colour is its dash, or the marks on it. */
export interface Line {
  readonly key: string;
  readonly label: string;
  /** Of a CSS variable. */
  readonly colour: string;
  /** Lengths of ink and of gaps, in pixels; none for an unbroken line. */
  readonly dash: readonly number[];
  readonly width: number;
  /** A mark at every value above 0. */
  readonly isMarked: boolean;
  readonly read: (point: Point) => Value;
  /** The app that it is about; null for what the page is narrowed down to. */
  readonly appId: string | null;
}

const WHOLE = { dash: [], width: 1.5, isMarked: false, appId: null } as const;

/** What happened. `isApp`: the page is narrowed down to one, and of an app connections are counted. */
export function eventLines(isApp: boolean): readonly Line[] {
  return [
    {
      ...WHOLE,
      key: 'created',
      label: isApp ? 'Connections opened' : 'Created',
      colour: '--created',
      read: ({ created }) => created,
    },
    {
      ...WHOLE,
      key: 'destroyed',
      label: isApp ? 'Connections closed' : 'Destroyed',
      colour: '--destroyed',
      dash: [7, 4],
      read: ({ destroyed }) => destroyed,
    },
    {
      ...WHOLE,
      key: 'rejected',
      label: 'Rejected',
      colour: '--rejected',
      dash: [2, 3],
      isMarked: true,
      read: ({ rejected }) => rejected,
    },
  ];
}

/** What was open. `isPlace`: of a host or virtual proxy, whose connected users are not counted over time. */
export function openLines(isApp: boolean, isPlace: boolean): readonly Line[] {
  return [
    {
      ...WHOLE,
      key: 'active',
      label: isApp ? 'Open connections' : 'Active sessions',
      colour: '--active',
      width: 2,
      read: ({ active }) => active,
    },
    {
      ...WHOLE,
      key: 'users',
      label: isPlace ? 'Users with a session' : 'Connected users',
      colour: '--active',
      dash: [3, 3],
      read: ({ users, connectedUsers }) => (isApp || isPlace ? users : connectedUsers),
    },
  ];
}

/** So many apps have a line of their own at once: nobody tells more of them apart. */
export const MOST_APP_LINES = 6;

const APP_DASHES: readonly (readonly number[])[] = [[], [8, 3], [3, 3], [10, 3, 2, 3], [5, 5], [1, 3]];

/** The lines of apps in either graph. An app keeps its look for as long as it keeps its place. */
export function appLines(
  apps: readonly { readonly appId: string; readonly name: string; readonly place: number }[],
  of: 'created' | 'active',
): readonly Line[] {
  return apps.map(({ appId, name, place }) => ({
    key: `app:${appId}`,
    label: of === 'created' ? `Opened: ${name}` : `Open: ${name}`,
    colour: `--app-${place + 1}`,
    dash: APP_DASHES[place] ?? [],
    width: 1.5,
    isMarked: false,
    read: (point) => point[of],
    appId,
  }));
}
