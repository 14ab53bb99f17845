import { oneHost } from '../../../contract/sites/site-hosts.ts';
import type { Dimension } from '../../../sessions/series.ts';

/** A part of the site: all that fits what is not null. The host and the app are in lower case; for the host there may be all hosts of a site. */
export interface Part {
  readonly host: string | null;
  readonly virtualProxy: string | null;
  readonly app: string | null;
  /** Only sessions of applications, or only the others; null or absent: both. */
  readonly application?: boolean | null;
}

/** True where nothing is left out. */
export function isWhole({ host, virtualProxy, app, application = null }: Part): boolean {
  return host === null && virtualProxy === null && app === null && application === null;
}

/** Sessions of a part are searched for by these filters, among others. */
export function filtersOfPart({ host, virtualProxy, app, application = null }: Part) {
  return { host, virtualProxy, app, application, user: null, from: null, to: null, cursor: null, limit: 1 };
}

/** What points tell about the part; null where they tell about no such part, such as one of more than one name. */
export function dimensionOf({ host, virtualProxy, app, application = null }: Part): Dimension | null {
  if (application !== null) return null;
  const named: Dimension[] = [];
  if (host !== null && oneHost(host) === null) return null;
  if (host !== null) named.push(`host:${host}`);
  if (virtualProxy !== null) named.push(`virtualProxy:${virtualProxy}`);
  if (app !== null) named.push(`app:${app}`);
  return named.length > 1 ? null : (named[0] ?? 'all');
}
