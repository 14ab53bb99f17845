import type { Host, KnownUser } from '../session.ts';
import { UserCounts } from './gauge.ts';

/** What is open on all hosts of a site. */
export class SiteGauge {
  readonly users = new UserCounts<KnownUser>();
  sessions = 0;
  connections = 0;
}

/**
 * What is open on each site that edges forward, whose hosts are called `SITE/HOST`. A user on two hosts of one is one user, so this cannot be had of
 * its hosts. A host has a site or none for ever.
 */
export class SiteGauges {
  readonly all = new Map<string, SiteGauge>();

  opened(host: Host, user: KnownUser | null): void {
    const site = siteOf(host);
    if (site === null) return;
    const gauge = this.all.get(site) ?? new SiteGauge();
    this.all.set(site, gauge);
    gauge.sessions += 1;
    if (user !== null) gauge.users.add(user);
  }

  ended(host: Host, user: KnownUser | null): void {
    const site = siteOf(host);
    const gauge = site === null ? undefined : this.all.get(site);
    if (gauge === undefined || site === null) return;
    gauge.sessions -= 1;
    if (user !== null) gauge.users.remove(user);
    this.#forget(site, gauge);
  }

  connections(host: Host, by: 1 | -1): void {
    const site = siteOf(host);
    const gauge = site === null ? undefined : this.all.get(site);
    if (gauge === undefined || site === null) return;
    gauge.connections += by;
    this.#forget(site, gauge);
  }

  /** Not while connections are open: a session whose user is learnt leaves and comes back without them. */
  #forget(site: string, { sessions, connections }: SiteGauge): void {
    if (sessions === 0 && connections === 0) this.all.delete(site);
  }
}

/** Null for a host of our own. */
export function siteOf({ name }: Pick<Host, 'name'>): string | null {
  const slash = name.indexOf('/');
  return slash < 0 ? null : name.slice(0, slash);
}
