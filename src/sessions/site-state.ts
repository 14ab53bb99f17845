import type { LeavingState } from './applications/leaving.ts';
import { HostClock, type LagSlot } from './clocks/host-clock.ts';
import type { RhythmState } from './clocks/rhythm.ts';
import type { LossWindow } from './doubt/loss-window.ts';
import type { Downtime } from './downtimes.ts';
import type { EdgeSiteState } from './edges/other-sites.ts';
import type { HostStanding } from './hosts/host-standing.ts';
import { KeyTrial, type KeyTrialState } from './hosts/key-trial.ts';
import type { LostLinesState } from './lost-lines/lost-lines.ts';
import type { PeakOfDay } from './peak.ts';
import type { BalanceState } from './quality/balance.ts';
import type { PastOfHosts, QualityChange } from './quality/past-quality.ts';
import type { Dimension } from './series.ts';
import type { Site } from './site.ts';
import type { PolledProxyState } from './snapshots/polled-proxies.ts';
import type { OpenedAppsState } from './tally/opened-apps.ts';

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
    /** Not in earlier states. */
    readonly keyMismatchedAt?: number;
    readonly keysIgnored: boolean;
    /** Not in earlier states. */
    readonly keysMatched?: boolean;
    /** Only where they are ignored. */
    readonly keyTrial?: KeyTrialState;
    /** Not in the state of a version that knew no applications. */
    readonly isApplication?: boolean;
    readonly heardAt: number;
    readonly unnumberedAt: number;
    readonly reconciledAt: number | null;
    readonly reconcileIntervalMs: number;
    readonly losses: readonly LossWindow[];
    /** The latest loss that touched the host. */
    readonly epoch: number;
    readonly clock: readonly LagSlot[] | null;
    /** Not in earlier states. */
    readonly balance?: BalanceState;
    /** Not in the state of a version that did not note it. */
    readonly rhythm?: RhythmState | null;
    readonly standing?: Pick<HostStanding, 'knownSince' | 'usedAt' | 'lines'>;
  }[];
  /** Of the latest loss anywhere. */
  readonly epoch: number;
  /** Losses that touched every host. */
  readonly losses: readonly LossWindow[];
  readonly reconciledAt: number | null;
  readonly peak: PeakOfDay | null;
  readonly downtimes: readonly Downtime[];
  readonly sweptAt: number | null;
  /** Not in the state of a version that did not look at them. */
  readonly rowNumbers?: LostLinesState;
  /** Not in the state of a version that did not note it. */
  readonly pastQuality?: readonly QualityChange[];
  readonly pastOfHosts?: PastOfHosts;
  /** Not in the state of a version that took none. */
  readonly snapshots?: readonly PolledProxyState[];
  /** Not in the state of a version that did not count them. */
  readonly openedApps?: OpenedAppsState;
  /** Not in the state of a version in which an end counted at once. */
  readonly leaving?: readonly LeavingState[];
  /** Not in the state of a version that did not remember them. */
  readonly edgeSites?: readonly EdgeSiteState[];
  /** Parts whose level may have to be written as empty. */
  readonly parts: readonly Dimension[];
}

/** Sense has hosts of its own before anybody makes some up. */
const WELL_KNOWN_LINES = 1_000;

export function stateOf(site: Site): SiteState {
  return {
    next: site.book.nextNumbers,
    totals: { ...site.series.totals },
    counters: { ...site.tracker.counters },
    hosts: [...site.identities.hosts.values()].map((host) => ({
      name: host.name,
      lastEventAt: host.lastEventAt,
      keyMismatches: host.keyMismatches,
      keyMismatchedAt: host.keyMismatchedAt,
      keysIgnored: host.keysIgnored,
      keysMatched: host.keysMatched,
      ...(host.keyTrial === null ? {} : { keyTrial: host.keyTrial.state }),
      isApplication: host.isApplication,
      heardAt: host.heardAt,
      unnumberedAt: host.unnumberedAt,
      reconciledAt: host.reconciledAt,
      reconcileIntervalMs: host.reconcileIntervalMs,
      losses: host.losses,
      epoch: host.doubt.epoch,
      clock: host.clock?.slots ?? null,
      balance: { ...host.balance },
      rhythm: host.rhythm.state,
      standing: { ...host.standing },
    })),
    epoch: site.identities.epoch,
    losses: site.losses.everywhere,
    reconciledAt: site.quality.reconciledAt,
    peak: site.peak.today,
    downtimes: site.downtimes.list,
    sweptAt: site.tracker.sweptAt,
    rowNumbers: site.lostLines.state,
    pastQuality: site.pastQuality.changes,
    pastOfHosts: site.pastQuality.ofHosts,
    snapshots: site.polledProxies.state,
    openedApps: site.openedApps.state,
    leaving: site.applications.leaving.state,
    edgeSites: site.otherSites.state,
    parts: site.levels.parts,
  };
}

export function restoreState(site: Site, state: SiteState): void {
  site.book.nextNumbers = state.next;
  Object.assign(site.series.totals, state.totals);
  Object.assign(site.tracker.counters, state.counters);
  for (const {
    name,
    epoch,
    clock,
    losses,
    balance,
    rhythm = null,
    standing,
    keyTrial,
    ...rest
  } of state.hosts) {
    const host = Object.assign(site.identities.host(name), rest);
    Object.assign(host.balance, balance);
    if (keyTrial !== undefined) host.keyTrial = new KeyTrial(keyTrial);
    host.doubt.epoch = epoch;
    host.losses = losses.map((window) => ({ ...window }));
    if (clock !== null) host.clock = new HostClock(clock);
    if (rhythm !== null) host.rhythm.restore(rhythm);
    Object.assign(host.standing, standing ?? standingBefore(host.lastEventAt, state.sweptAt));
  }
  site.applications.leaving.restore(state.leaving ?? []);
  site.downtimes.restore(state.downtimes);
  site.otherSites.restore(state.edgeSites ?? []);
  site.identities.epoch = state.epoch;
  site.losses.restore(state.losses);
  site.quality.reconciledAt = state.reconciledAt;
  site.peak.today = state.peak;
  site.tracker.sweptAt = state.sweptAt;
  if (state.rowNumbers !== undefined) site.lostLines.restore(state.rowNumbers);
  if (state.pastQuality !== undefined) site.pastQuality.restore(state.pastQuality, state.pastOfHosts);
  if (state.snapshots !== undefined) site.polledProxies.restore(state.snapshots);
  if (state.openedApps !== undefined) site.openedApps.restore(state.openedApps);
  site.levels.restore(state.parts);
}

/** Of a host in a state that does not say it. */
function standingBefore(lastEventAt: number, sweptAt: number | null): Partial<HostStanding> {
  return { usedAt: Math.max(lastEventAt, sweptAt ?? 0), lines: WELL_KNOWN_LINES };
}
