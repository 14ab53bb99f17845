/*
 * Hosts of another site are called `SITE/HOST`. Where a filter names a host, `SITE/*` stands for all hosts of a site.
 */

const ALL = '/*';
const SITE_OF_HOST = /^([a-z0-9][a-z0-9_-]{0,62})\//;

/** What stands for all hosts of a site. */
export function hostsOfSite(site: string): string {
  return `${site}${ALL}`;
}

/** The site that a host names itself; null of a host of this site. */
export function siteOfHost(host: string): string | null {
  return host.includes('/') ? (SITE_OF_HOST.exec(host)?.[1] ?? null) : null;
}

/** Where one host is named, its name; null for all hosts of a site, and for no filter. */
export function oneHost(host: string | null): string | null {
  return host?.endsWith(ALL) === true ? null : host;
}

/** Whether a host is the one that is named, or one of the site that is. */
export function isNamedBy(host: string, named: string): boolean {
  const range = rangeOfSite(named);
  return range === null ? host === named : host >= range[0] && host < range[1];
}

/** The names of all hosts of a site, in the order of their bytes: from the first text on and before the second. Null where one host is named. */
export function rangeOfSite(host: string): readonly [from: string, before: string] | null {
  if (!host.endsWith(ALL)) return null;
  const site = host.slice(0, -ALL.length);
  // The character behind the slash.
  return [`${site}/`, `${site}0`];
}
