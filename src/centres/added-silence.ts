import type { CountsView } from '../api/counts/counts-answer.ts';
import { MOST_LISTED } from '../journal/read/parts/largest.ts';

type SilentHosts = Pick<CountsView, 'silentHosts' | 'silentHostsTotal'>;

/** Hosts that are silent for somebody, and that nobody has heard of since: those that are silent for longest, and at least how many there are. */
export function silentFor(parts: readonly CountsView[]): SilentHosts {
  const heardAt = new Map<string, string>();
  for (const { host, silentSince, lastEventAt } of parts.flatMap(({ hosts }) => hosts)) {
    const before = heardAt.get(host) ?? '';
    if (silentSince === null && (lastEventAt ?? '') > before) heardAt.set(host, lastEventAt ?? '');
  }
  const bySilence = Map.groupBy(
    parts.flatMap(({ silentHosts }) => silentHosts),
    ({ host }) => host,
  );
  const silent = Array.from(bySilence, ([host, rows]) => ({
    host,
    silentSince: rows.reduce((last, { silentSince }) => (silentSince > last ? silentSince : last), ''),
  })).filter(({ host, silentSince }) => (heardAt.get(host) ?? '') <= silentSince);
  const order = (a: (typeof silent)[number], b: typeof a) =>
    a.silentSince + a.host < b.silentSince + b.host ? -1 : 1;
  const totals = parts.map(({ silentHostsTotal }) => silentHostsTotal ?? 0);
  const beyond = Math.max(0, ...parts.map(({ silentHosts }, n) => (totals[n] ?? 0) - silentHosts.length));
  return { silentHosts: silent.sort(order).slice(0, MOST_LISTED), silentHostsTotal: silent.length + beyond };
}
