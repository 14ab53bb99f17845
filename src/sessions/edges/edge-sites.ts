import type { EdgeAlive } from '../../contract/sites/forwarding.ts';
import { Edge, type TakenOf } from './edge.ts';
import { EdgeSite } from './edge-site.ts';

/** One more makes room of the one that was silent for longest. */
const MOST_EDGES = 1_000;

/** The sites of which other Headcounts, their edges, tell. Their hosts are called `SITE/HOST`. */
export class EdgeSites {
  readonly #sites = new Map<string, EdgeSite>();
  /** By name; the last one is the one that was heard last. */
  readonly #edges = new Map<string, { readonly edge: Edge; readonly site: EdgeSite }>();
  /** To be set by whoever keeps account of what was taken. */
  takenOf: TakenOf = () => 0;
  /** To be set by whoever knows the hosts. */
  hasHosts: (site: EdgeSite) => boolean = () => false;
  /** Called with a site that was not known before. */
  onNew: (site: EdgeSite) => void = () => {};

  get all(): Iterable<EdgeSite> {
    return this.#sites.values();
  }

  get size(): number {
    return this.#sites.size;
  }

  /** The site that a host is of; null where it is one of our own. */
  of(host: string): EdgeSite | null {
    if (this.#sites.size === 0) return null;
    const slash = host.indexOf('/');
    return slash === -1 ? null : (this.#sites.get(host.slice(0, slash)) ?? null);
  }

  edge(name: string): Edge | undefined {
    return this.#edges.get(name)?.edge;
  }

  /** An edge is known, from before a restart or by what was taken of it. */
  know(name: string, siteName: string): Edge {
    const known = this.#edges.get(name);
    if (known !== undefined && known.site.name === siteName) return known.edge;
    if (known !== undefined) this.#leave(name, known.site);
    const site = this.site(siteName);
    const edge = new Edge(name, (...asked) => this.takenOf(...asked));
    site.edges.set(name, edge);
    this.#edges.set(name, { edge, site });
    this.#makeRoom();
    return edge;
  }

  /** Makes one where it is not known. */
  site(name: string): EdgeSite {
    const known = this.#sites.get(name);
    if (known !== undefined) return known;
    const site = new EdgeSite(name);
    this.#sites.set(name, site);
    this.onNew(site);
    return site;
  }

  #makeRoom(): void {
    if (this.#edges.size <= MOST_EDGES) return;
    const [oldest] = this.#edges;
    if (oldest === undefined) return;
    const [name, { site }] = oldest;
    this.#leave(name, site);
  }

  /** A site of which nobody tells and nothing is known is none. */
  #leave(name: string, site: EdgeSite): void {
    this.#edges.delete(name);
    site.edges.delete(name);
    if (site.edges.size === 0 && !this.hasHosts(site)) this.#sites.delete(site.name);
  }

  /** An edge says that it is there, and how it is. `partitions`: those that are followed. */
  heard(name: string, alive: EdgeAlive, partitions: readonly number[]): void {
    this.know(name, alive.site).heard(alive, partitions);
    const known = this.#edges.get(name);
    if (known === undefined) return;
    this.#edges.delete(name);
    this.#edges.set(name, known);
  }
}
