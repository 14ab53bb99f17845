import type { EdgeAlive, EdgePosition } from '../../contract/sites/forwarding.ts';
import type { Losses } from '../doubt/losses.ts';
import type { Downtime } from '../downtimes.ts';
import type { Identities } from '../identities.ts';
import type { Key } from '../session.ts';
import type { SessionBook } from '../session-book.ts';
import type { TakenOf } from './edge.ts';
import type { EdgeSite } from './edge-site.ts';

/** An edge looks each full second who has timed out. */
const SWEEP_MS = 1_000;

export interface EdgeSiteState {
  readonly name: string;
  readonly downtimes: readonly Downtime[];
  readonly silentMs: number;
}

/** What edges tell of their sites, besides events, and what that does to the picture. */
export class OtherSites {
  readonly #identities: Identities;
  readonly #book: SessionBook;
  readonly #losses: Losses;

  constructor(book: SessionBook, losses: Losses) {
    this.#book = book;
    this.#identities = book.identities;
    this.#losses = losses;
    const { edgeSites, hosts } = book.identities;
    edgeSites.onNew = (site) => this.#adopt(site);
    edgeSites.hasHosts = (site) => hosts.values().some(({ edgeSite }) => edgeSite === site);
  }

  /** Hosts of the site may be known already, from before a restart. */
  #adopt(site: EdgeSite): void {
    const { hosts, edgeSites } = this.#identities;
    for (const host of hosts.values()) {
      if (host.edgeSite !== null || edgeSites.of(host.name) !== site) continue;
      host.edgeSite = site;
      for (const key of host.keys.values()) {
        for (const session of key.open?.sessions() ?? []) this.#book.deadlines.move(session, site);
      }
    }
  }

  countBy(takenOf: TakenOf): void {
    this.#identities.edgeSites.takenOf = takenOf;
  }

  behindOf(name: string): number | null {
    return this.#identities.edgeSites.edge(name)?.behind ?? null;
  }

  /** Edges of which something was taken before; to be called once, when the state was put back. */
  begin(positions: readonly EdgePosition[]): void {
    for (const { edge, site } of positions) this.#identities.edgeSites.know(edge, site);
  }

  /** `partitions`: those that are followed. */
  heard(name: string, alive: EdgeAlive, partitions: readonly number[]): void {
    const { hosts, edgeSites } = this.#identities;
    edgeSites.heard(name, alive, partitions);
    for (const { host: hostName, reconciledAt } of alive.report.hosts) {
      const host = hosts.get(`${alive.site}/${hostName}`);
      if (host !== undefined) host.reconciledAt = reconciledAt;
    }
  }

  /** There is such an edge. */
  know(name: string, site: string): void {
    this.#identities.edgeSites.know(name, site);
  }

  /** Events of the edge were taken, the last of which had arrived there at `receivedAt`; null for none. */
  taken(name: string, site: string, receivedAt: number | null): void {
    const edge = this.#identities.edgeSites.know(name, site);
    if (receivedAt === null) edge.taken();
    else edge.took(receivedAt);
  }

  /**
   * Before a line of that key is applied, which arrived there at `receivedAt`: what its edge had ended for want of a sign of life
   * has ended. The sweeps here come later, and at other lines of the stream. What was due after the edge spoke last may not have
   * ended there: perhaps the edge did not run then.
   */
  catchUp({ open, host: { edgeSite } }: Key, receivedAt: number): void {
    // Of a crowded key it does not matter which of its sessions a line is of.
    if (open === null || open.crowded) return;
    const { deadlines } = this.#book;
    const sweptAt = Math.min(edgeSite?.spokeAt ?? 0, receivedAt - (receivedAt % SWEEP_MS));
    const overdue = [...open.sessions()].filter((session) => deadlines.of(session) < sweptAt);
    for (const session of overdue.sort((a, b) => a.id - b.id)) {
      session.lastActivityAt = session.lastSignAt;
      this.#book.end(session, session.lastActivityAt, deadlines.reasonOf(session), sweptAt);
    }
  }

  /** What a checkpoint keeps. */
  get state(): readonly EdgeSiteState[] {
    return Array.from(this.#identities.edgeSites.all, ({ name, downtimes, silentMs }) => ({
      ...{ name, downtimes: downtimes.list, silentMs },
    }));
  }

  restore(state: readonly EdgeSiteState[]): void {
    for (const { name, downtimes, silentMs } of state) {
      const site = this.#identities.edgeSites.site(name);
      site.downtimes.restore(downtimes);
      site.silentMs = silentMs;
    }
  }

  /** So many events of the site are gone for good: each of its hosts may have been the one. */
  lost(siteName: string, events: number, now: number): void {
    for (const host of this.#identities.hosts.values()) {
      if (host.edgeSite?.name === siteName) this.#losses.touch(host, 'gap', now, events);
    }
  }
}
