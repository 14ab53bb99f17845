import type { CountsView } from '../api/counts/counts-answer.ts';
import type { USER_CLASSES } from '../contract/user-class.ts';
import { byConnections, firstOf, largest, MOST_LISTED } from '../journal/read/parts/largest.ts';
import { worst } from './added-quality.ts';
import { silentFor } from './added-silence.ts';
import { earliest, latest, sum } from './added-values.ts';

type Bounds = NonNullable<CountsView['active']['bounds']>;
type HostRow = CountsView['hosts'][number];
type Site = NonNullable<CountsView['sites']>[number];
type Open = Pick<HostRow, 'sessions' | 'users' | 'connections'>;

/**
 * The counts of several centres as one, where no partition is with two of them: all of one user is in one partition, so even distinct users
 * add up. What does not is null: the peak of the day, and how often an app was opened. `missing`: partitions of which
 * nothing is in it; then it says that the counts are `estimated`, with the reason `partial`, and that there may be any number more.
 */
export function addUp(parts: readonly CountsView[], missing: readonly number[], asOf: string): CountsView {
  const isPartial = missing.length > 0;
  const of = <Value>(read: (part: CountsView) => Value): Value[] => parts.map(read);
  return {
    asOf,
    since: earliest(of(({ since }) => since)) ?? asOf,
    ...worst(parts, isPartial),
    reconciledAt: earliest(of(({ reconciledAt }) => reconciledAt)),
    active: activeOf(
      of(({ active }) => active),
      isPartial,
    ),
    peakToday: null,
    created: totalsOf(of(({ created }) => created)),
    destroyed: totalsOf(of(({ destroyed }) => destroyed)),
    rejected: totalsOf(of(({ rejected }) => rejected)),
    averageDurationSeconds: averageOf(parts),
    ...listsOf(parts, isPartial),
    ...silentFor(parts),
    partial: isPartial,
    missingPartitions: missing,
  };
}

function activeOf(parts: readonly CountsView['active'][], isPartial: boolean): CountsView['active'] {
  const total = (read: (part: CountsView['active']) => number | null) => sum(parts.map(read));
  const ofClass = (name: (typeof USER_CLASSES)[number]) => ({
    sessions: total(({ byClass }) => byClass[name].sessions),
    users: total(({ byClass }) => byClass[name].users),
  });
  return {
    ...openOf(parts),
    connectedUsers: total(({ connectedUsers }) => connectedUsers),
    bounds: boundsOf(
      parts.map(({ bounds }) => bounds),
      isPartial,
    ),
    byClass: { person: ofClass('person'), anonymous: ofClass('anonymous'), service: ofClass('service') },
  };
}

function openOf(parts: readonly Open[]): Open {
  return {
    sessions: sum(parts.map(({ sessions }) => sessions)),
    users: sum(parts.map(({ users }) => users)),
    connections: sum(parts.map(({ connections }) => connections)),
  };
}

/** Null where one of them is not known. */
function boundsOf(parts: readonly (Bounds | null)[], isPartial: boolean): Bounds | null {
  const known = parts.filter((each) => each !== null);
  if (known.length < parts.length) return null;
  const range = (name: keyof Bounds) => ({
    low: known.reduce((low, bounds) => low + bounds[name].low, 0),
    high: isPartial ? null : sum(known.map((bounds) => bounds[name].high)),
  });
  return { sessions: range('sessions'), users: range('users') };
}

function totalsOf(parts: readonly CountsView['created'][]): CountsView['created'] {
  return {
    last5s: sum(parts.map(({ last5s }) => last5s)),
    last1m: sum(parts.map(({ last1m }) => last1m)),
    last1h: sum(parts.map(({ last1h }) => last1h)),
    total: sum(parts.map(({ total }) => total)),
  };
}

/** Each average is that of so many sessions as ended in the last hour. */
function averageOf(parts: readonly CountsView[]): number | null {
  let seconds = 0;
  let ended = 0;
  for (const { averageDurationSeconds, destroyed } of parts) {
    if (averageDurationSeconds === null) continue;
    const weight = Math.max(0, destroyed.last1h ?? 0);
    seconds += averageDurationSeconds * weight;
    ended += weight;
  }
  return ended === 0 ? null : Math.round((1_000 * seconds) / ended) / 1_000;
}

function listsOf(parts: readonly CountsView[], isPartial: boolean) {
  const hosts = grouped(
    parts,
    (part) => part.hosts,
    ({ host }) => host,
  );
  const proxies = grouped(
    parts,
    (part) => part.virtualProxies,
    ({ virtualProxy }) => virtualProxy,
  );
  const apps = grouped(
    parts,
    (part) => part.apps,
    ({ appId }) => appId,
  );
  const sites = grouped(
    parts,
    (part) => part.sites ?? [],
    ({ site }) => site,
  );
  const rows = {
    hosts: [...hosts].map(([name, rows]) => named(name, hostOf(name, rows, isPartial))),
    proxies: [...proxies].map(([name, rows]) => named(name, { virtualProxy: name, ...openOf(rows) })),
    apps: [...apps].map(([name, rows]) => ({ name, ...appOf(name, rows) })),
    sites: [...sites].map(([name, rows]) => named(name, siteOf(name, rows, isPartial))),
  };
  return {
    hosts: largest(rows.hosts).map(({ row }) => row),
    hostsTotal: totalOf(hosts, parts, ({ hosts, hostsTotal }) => [hosts, hostsTotal]),
    virtualProxies: largest(rows.proxies).map(({ row }) => row),
    virtualProxiesTotal: totalOf(proxies, parts, ({ virtualProxies, virtualProxiesTotal }) => [
      virtualProxies,
      virtualProxiesTotal,
    ]),
    apps: firstOf(rows.apps, MOST_LISTED, byConnections).map(({ name: _, ...row }) => row),
    appsTotal: totalOf(apps, parts, ({ apps, appsTotal }) => [apps, appsTotal]),
    sites: largest(rows.sites).map(({ row }) => row),
    sitesTotal: totalOf(sites, parts, ({ sites = [], sitesTotal = 0 }) => [sites, sitesTotal]) ?? 0,
  };
}

/** What all of them list under one name. */
function grouped<Row>(
  parts: readonly CountsView[],
  listOf: (part: CountsView) => readonly Row[],
  nameOf: (row: Row) => string,
): Map<string, Row[]> {
  return Map.groupBy(parts.flatMap(listOf), nameOf);
}

const named = <Row extends { readonly sessions: number | null }>(name: string, row: Row) => ({
  ...{ name, row },
  sessions: row.sessions ?? 0,
});

/** How many names there are: exactly where each lists all that it has, else at least so many. */
function totalOf(
  names: ReadonlyMap<string, unknown>,
  parts: readonly CountsView[],
  of: (part: CountsView) => readonly [list: readonly unknown[], total: number | null],
): number | null {
  const totals = parts.map((part) => of(part)[1]);
  if (totals.includes(null)) return null;
  return Math.max(names.size, ...totals.map((total) => total ?? 0));
}

function hostOf(host: string, rows: readonly HostRow[], isPartial: boolean): HostRow {
  const doubtful = rows.map((row) => row.doubtful).filter((each) => each !== null);
  const silent = rows.map(({ silentSince }) => silentSince);
  const newest = rows.reduce((a, b) => ((b.lastEventAt ?? '') > (a.lastEventAt ?? '') ? b : a));
  return {
    host,
    ...openOf(rows),
    ...worst(
      rows.map(({ quality, reasons }) => ({ quality, reasons })),
      isPartial,
    ),
    bounds: boundsOf(
      rows.map(({ bounds }) => bounds),
      isPartial,
    ),
    doubtful:
      doubtful.length < rows.length
        ? null
        : {
            sessions: doubtful.reduce((all, { sessions }) => all + sessions, 0),
            users: doubtful.reduce((all, { users }) => all + users, 0),
          },
    reconciledAt: earliest(rows.map(({ reconciledAt }) => reconciledAt)),
    lastEventAt: newest.lastEventAt,
    // It is silent where nobody hears of it.
    silentSince: silent.includes(null) ? null : latest(silent),
    clockOffsetSeconds: newest.clockOffsetSeconds,
  };
}

function appOf(appId: string, rows: readonly CountsView['apps'][number][]): CountsView['apps'][number] {
  return {
    appId,
    appName: rows.find(({ appName }) => appName !== null)?.appName ?? null,
    connections: rows.reduce((all, { connections }) => all + connections, 0),
    users: rows.reduce((all, { users }) => all + users, 0),
    opened: null,
  };
}

function siteOf(site: string, rows: readonly Site[], isPartial: boolean): Site {
  const { quality } = worst(
    rows.map(({ quality }) => ({ quality, reasons: [] })),
    isPartial,
  );
  return { site, ...openOf(rows), quality };
}
