import type { Downtime } from './downtimes.ts';
import type { LostLinesState } from './lost-lines/lost-lines.ts';
import type { Dimension } from './series.ts';
import type { Site } from './site.ts';
import type { PolledProxyState } from './snapshots/polled-proxies.ts';

/** What a checkpoint keeps besides sessions, connections and points. */
export interface SiteState {
  /** The journal it belongs to; not said by early versions. */
  readonly store?: string;
  readonly next: { readonly session: number; readonly connection: number };
  readonly totals: Readonly<Record<'created' | 'destroyed' | 'rejected', number>>;
  readonly counters: Readonly<Record<'rejected' | 'orphanStops' | 'orphanCloses' | 'keyMismatches', number>>;
  readonly hosts: readonly {
    readonly name: string;
    readonly lastEventAt: number;
    readonly keyMismatches: number;
    readonly keysIgnored: boolean;
  }[];
  readonly downtimes: readonly Downtime[];
  readonly droppedAt: number | null;
  readonly sweptAt: number | null;
  /** Not in the state of a version that did not look at them. */
  readonly rowNumbers?: LostLinesState;
  /** Not in the state of a version that took none. */
  readonly snapshots?: readonly PolledProxyState[];
  /** Parts whose level may have to be written as empty. */
  readonly parts: readonly Dimension[];
}

export function stateOf(site: Site): SiteState {
  return {
    next: site.book.nextNumbers,
    totals: { ...site.series.totals },
    counters: { ...site.tracker.counters },
    hosts: [...site.identities.hosts.values()].map(({ name, lastEventAt, keyMismatches, keysIgnored }) => ({
      name,
      lastEventAt,
      keyMismatches,
      keysIgnored,
    })),
    downtimes: site.downtimes.list,
    droppedAt: site.quality.droppedAt,
    sweptAt: site.tracker.sweptAt,
    rowNumbers: site.lostLines.state,
    snapshots: site.polledProxies.state,
    parts: site.levels.parts,
  };
}

export function restoreState(site: Site, state: SiteState): void {
  site.book.nextNumbers = state.next;
  Object.assign(site.series.totals, state.totals);
  Object.assign(site.tracker.counters, state.counters);
  for (const { name, ...rest } of state.hosts) {
    const host = Object.assign(site.identities.host(name), rest);
    // A host without any key would never be forgotten.
    site.identities.emptied(site.identities.key(host, null), Math.max(host.lastEventAt, state.sweptAt ?? 0));
  }
  site.downtimes.restore(state.downtimes);
  site.quality.droppedAt = state.droppedAt;
  site.tracker.sweptAt = state.sweptAt;
  if (state.rowNumbers !== undefined) site.lostLines.restore(state.rowNumbers);
  if (state.snapshots !== undefined) site.polledProxies.restore(state.snapshots);
  site.levels.restore(state.parts);
}
