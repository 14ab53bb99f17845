import { describe, expect, it } from 'vitest';
import {
  MOST_TRACKED,
  type ToldApp,
  trackedRows,
  untrackedRows,
  withApps,
} from '../../../src/page/apps/rows.ts';

const NAMES: Readonly<Record<string, string>> = { 'id-1': 'Sales', 'id-2': 'finance', 'id-3': 'Ärzte' };
const nameOf = (appId: string): string => NAMES[appId] ?? appId;

const LISTED: readonly ToldApp[] = [
  { appId: 'id-1', appName: 'Sales', users: 5, connections: 7, opened: { lastSecond: 1, total: 90 } },
  { appId: 'id-2', appName: 'finance', users: 4, connections: 6, opened: null },
  { appId: 'id-3', appName: 'Ärzte', users: 1, connections: 1, opened: { lastSecond: 0, total: null } },
];

describe('tracked apps', () => {
  it('come in the order in which they were tracked, with what is known of each', () => {
    expect(trackedRows(['id-3', 'id-1'], LISTED, true, nameOf)).toEqual([
      {
        appId: 'id-3',
        name: 'Ärzte',
        users: 1,
        connections: 1,
        openedLastSecond: 0,
        openedTotal: null,
      },
      {
        appId: 'id-1',
        name: 'Sales',
        users: 5,
        connections: 7,
        openedLastSecond: 1,
        openedTotal: 90,
      },
    ]);
  });

  it('have nobody in them where all open apps are listed and they are not', () => {
    const [row] = trackedRows(['id-9'], LISTED, true, nameOf);
    expect(row).toEqual({
      ...{ appId: 'id-9', name: 'id-9', users: 0, connections: 0 },
      ...{ openedLastSecond: null, openedTotal: null },
    });
  });

  it('are unknown where only some of the open apps are listed', () => {
    expect(trackedRows(['id-9'], LISTED, false, nameOf)[0]).toMatchObject({ users: null, connections: null });
  });
});

describe('untracked apps', () => {
  it('are the others, by name', () => {
    const names = (tracked: readonly string[], find: string) =>
      untrackedRows(tracked, LISTED, find, nameOf).map(({ name }) => name);
    expect(names([], '')).toEqual(['Ärzte', 'finance', 'Sales']);
    expect(names(['id-2'], '')).toEqual(['Ärzte', 'Sales']);
  });

  it('can be looked for by a part of the name or of the id', () => {
    const ids = (find: string) => untrackedRows([], LISTED, find, nameOf).map(({ appId }) => appId);
    expect(ids(' FIN ')).toEqual(['id-2']);
    expect(ids('id-3')).toEqual(['id-3']);
    expect(ids('nothing')).toEqual([]);
  });
});

describe('tracking', () => {
  it('takes each app once, and no more than fit into a link', () => {
    expect(withApps(['a'], ['a', 'b'])).toEqual(['a', 'b']);
    const many = Array.from({ length: 30 }, (_, place) => `app-${place}`);
    expect(withApps([], many)).toEqual(many.slice(0, MOST_TRACKED));
  });

  it('keeps what a longer link says', () => {
    const many = Array.from({ length: 30 }, (_, place) => `app-${place}`);
    expect(withApps(many, ['more'])).toEqual(many);
  });
});
