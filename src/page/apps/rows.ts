import type { CountsView } from '../../api/counts/counts-answer.ts';

/** What the API tells of an app. */
export type ToldApp = CountsView['apps'][number];

/** Null where nobody knows. */
export interface AppRow {
  readonly appId: string;
  readonly name: string;
  readonly users: number | null;
  readonly connections: number | null;
  readonly openedLastSecond: number | null;
  readonly openedTotal: number | null;
}

type NameOf = (appId: string) => string;

const NOTHING_KNOWN = { users: null, connections: null, openedLastSecond: null, openedTotal: null };

/**
 * The tracked apps in the order in which they were tracked. `isAll`: every open app is listed, so that one that is not has
 * nobody in it.
 */
export function trackedRows(
  tracked: readonly string[],
  listed: readonly ToldApp[],
  isAll: boolean,
  nameOf: NameOf,
): AppRow[] {
  const byId = new Map(listed.map((app) => [app.appId, app]));
  return tracked.map((appId) => {
    const app = byId.get(appId);
    if (app !== undefined) return rowOf(app, nameOf);
    const known = isAll ? { ...NOTHING_KNOWN, users: 0, connections: 0 } : NOTHING_KNOWN;
    return { appId, name: nameOf(appId), ...known };
  });
}

/** The other apps by name, so that nothing moves when numbers do. `find`: a part of a name or an id; empty for all. */
export function untrackedRows(
  tracked: readonly string[],
  listed: readonly ToldApp[],
  find: string,
  nameOf: NameOf,
): AppRow[] {
  const wanted = find.trim().toLowerCase();
  return listed
    .filter(({ appId }) => !tracked.includes(appId))
    .map((app) => rowOf(app, nameOf))
    .filter(({ name, appId }) => name.toLowerCase().includes(wanted) || appId.includes(wanted))
    .sort((one, other) => one.name.localeCompare(other.name) || (one.appId < other.appId ? -1 : 1));
}

function rowOf({ appId, users, connections, opened }: ToldApp, nameOf: NameOf): AppRow {
  return {
    ...{ appId, name: nameOf(appId), users, connections },
    openedLastSecond: opened?.lastSecond ?? null,
    openedTotal: opened?.total ?? null,
  };
}

/** So many apps are tracked at most: more would not fit into a link, and nobody watches them. */
export const MOST_TRACKED = 20;

/** With these apps too, as far as there is room. */
export function withApps(tracked: readonly string[], appIds: readonly string[]): readonly string[] {
  return [...new Set([...tracked, ...appIds])].slice(0, Math.max(MOST_TRACKED, tracked.length));
}
