import type { Dimension } from '../../../sessions/series.ts';

/** A part of the site: all that fits what is not null. The host and the app are in lower case. */
export interface Part {
  readonly host: string | null;
  readonly virtualProxy: string | null;
  readonly app: string | null;
}

/** True where nothing is left out. */
export function isWhole({ host, virtualProxy, app }: Part): boolean {
  return host === null && virtualProxy === null && app === null;
}

/** Sessions of a part are searched for by these filters, among others. */
export function filtersOfPart({ host, virtualProxy, app }: Part) {
  return { host, virtualProxy, app, user: null, from: null, to: null, cursor: null, limit: 1 };
}

/** What points tell about the part; null where they tell about no such part, which is of more than one name. */
export function dimensionOf({ host, virtualProxy, app }: Part): Dimension | null {
  const named: Dimension[] = [];
  if (host !== null) named.push(`host:${host}`);
  if (virtualProxy !== null) named.push(`virtualProxy:${virtualProxy}`);
  if (app !== null) named.push(`app:${app}`);
  return named.length > 1 ? null : (named[0] ?? 'all');
}
