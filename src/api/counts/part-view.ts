import type { AppNames } from '../../contract/app-names.ts';
import type { UserClass } from '../../contract/user-class.ts';
import { type Json, parsed } from '../../journal/read/answers.ts';
import type { Part } from '../../journal/read/parts/part.ts';
import type { PartCounts } from '../../journal/read/parts/part-counts.ts';
import type { Asker } from '../../journal/read/reader-turns.ts';
import type { Host } from '../../sessions/session.ts';
import type { Site } from '../../sessions/site.ts';
import type { ApiParts } from '../parts.ts';
import type { CountsView } from './counts-answer.ts';
import { certaintyOf, isoOrNull, movedBounds, whatIsKnownOf } from './counts-view.ts';
import { NONE_KNOWN, silentHosts } from './silent-hosts.ts';

type HostView = CountsView['hosts'][number];

/** What an answer about a past moment says of a host besides its counts. */
const LONG_AGO = {
  ...{ quality: null, reasons: [], bounds: null, doubtful: null, reconciledAt: null },
  ...{ lastEventAt: null, silentSince: null, clockOffsetSeconds: null },
};
const UNSURE = { bounds: null, doubtful: null };

/** Asks for the counts of a part right now, or of a part or everything at a past moment. Milliseconds since 1970 UTC. */
export async function partView(
  { ask, site, appNames }: Pick<ApiParts, 'ask' | 'site' | 'appNames'>,
  part: Part,
  at: number | null,
  only: UserClass | null,
  now: number,
  asker: Asker,
): Promise<CountsView> {
  const json: Json<PartCounts> = await ask({ ask: 'counts', part, at, class: only, now }, asker);
  const found = parsed(json);
  const opens = listsOf(appNames, found);
  return at === null
    ? partNow(site, part, only, now, found, opens)
    : {
        asOf: new Date(at).toISOString(),
        ...sinceOf(site),
        ...(found.isDeleted
          ? { quality: 'unknown', reasons: ['before_store'] }
          : site.qualityOf(at, now, part.host)),
        reconciledAt: null,
        ...countsOf(found),
        active: { ...found.active, bounds: null },
        ...opens,
        ...NONE_KNOWN,
        hosts: found.hosts.map(({ name, ...open }) => ({ host: name, ...open, ...LONG_AGO })),
      };
}

function partNow(
  site: Site,
  part: Part,
  only: UserClass | null,
  now: number,
  found: PartCounts,
  opens: ReturnType<typeof listsOf>,
): CountsView {
  const host = part.host === null ? null : (site.identities.hosts.get(part.host) ?? null);
  const { quality, reasons, bounds } = host === null ? site.quality.at(now) : site.quality.ofHost(host, now);
  const { sessions, users } = found.active;
  // Lines seldom name a virtual proxy, and one that is lost may have been about any app.
  const isWholeHost = part.virtualProxy === null && part.app === null && only === null;
  const isSure = host !== null && isWholeHost && sessions !== null && users !== null;
  return {
    asOf: new Date(now).toISOString(),
    ...sinceOf(site),
    quality,
    reasons,
    reconciledAt: isoOrNull((host === null ? site.quality : host).reconciledAt),
    ...countsOf(found),
    active: {
      ...found.active,
      bounds: isSure ? movedBounds(bounds, sessions - host.openSessions, users - host.openUsers) : null,
    },
    ...opens,
    ...silentHosts(site, part.host, now),
    hosts: found.hosts.map(({ name, ...open }) => ({
      host: name,
      ...open,
      ...ofHost(site, name, now, isWholeHost),
    })),
    apps: opens.apps.map((app) => ({
      ...app,
      opened: part.host === null && part.virtualProxy === null ? site.openedApps.of(app.appId) : null,
    })),
  };
}

function ofHost(
  site: Site,
  name: string,
  now: number,
  isWhole: boolean,
): Omit<HostView, 'host' | 'sessions' | 'users' | 'connections'> {
  const host: Host | undefined = site.identities.hosts.get(name);
  if (host === undefined) return LONG_AGO;
  const statement = site.quality.ofHost(host, now);
  return {
    ...whatIsKnownOf(site, host, statement, now),
    ...(isWhole ? certaintyOf(host, statement) : UNSURE),
  };
}

function sinceOf(site: Site): Pick<CountsView, 'since'> {
  return { since: new Date(site.quality.since).toISOString() };
}

function countsOf({ created, destroyed, rejected, averageDurationSeconds }: PartCounts) {
  return {
    peakToday: null,
    created: { ...created, total: null },
    destroyed: { ...destroyed, total: null },
    rejected: { ...rejected, total: null },
    averageDurationSeconds,
  };
}

function listsOf(appNames: AppNames, found: PartCounts) {
  return {
    hostsTotal: found.hostsTotal,
    virtualProxies: found.virtualProxies.map(({ name, ...open }) => ({ virtualProxy: name, ...open })),
    virtualProxiesTotal: found.virtualProxiesTotal,
    apps: found.apps.map(({ name, ...open }) => ({
      appId: name,
      appName: appNames.nameOf(name),
      ...open,
      opened: null,
    })),
    appsTotal: found.appsTotal,
  };
}
