import type { Host, Session } from '../session.ts';
import { BoundSighting, PolledProxy } from './polled-proxy.ts';

/** What a checkpoint keeps of one virtual proxy: when its last two snapshots were asked for. */
export interface PolledProxyState {
  readonly host: string;
  readonly virtualProxy: string;
  readonly at: number;
  readonly previousAt: number | null;
}

/** Half an interval more, so that a host stays reconciled until two intervals after its latest snapshot. */
const INTERVALS_KEPT = 1.5;

/** Every virtual proxy of which a snapshot ever came: no more than the configuration names. */
export class PolledProxies {
  readonly #hosts = new Map<string, Map<string, PolledProxy>>();
  /** Sessions from before the start that no snapshot has listed since, by the mark of their SessionId. */
  readonly unnamed = new Map<number, BoundSighting>();

  ofHost(host: string): ReadonlyMap<string, PolledProxy> {
    return this.#hosts.get(host) ?? new Map<string, PolledProxy>();
  }

  of(host: string, virtualProxy: string): PolledProxy {
    const proxies = this.#hosts.get(host) ?? new Map<string, PolledProxy>();
    this.#hosts.set(host, proxies);
    const proxy = proxies.get(virtualProxy) ?? new PolledProxy(host, virtualProxy);
    proxies.set(virtualProxy, proxy);
    return proxy;
  }

  /** A snapshot has come. Without the names of all virtual proxies nobody knows whether the whole host agrees. */
  note(host: Host, allVirtualProxies: readonly string[] | null): void {
    const all = (allVirtualProxies ?? []).map((name) => this.ofHost(host.name).get(name));
    const reconciledAt = Math.min(...all.map((proxy) => proxy?.reconciledAt ?? Number.NEGATIVE_INFINITY));
    host.reconciledAt = Number.isFinite(reconciledAt) ? reconciledAt : null;
    const intervals = all.map((proxy) => (proxy?.at ?? 0) - (proxy?.previousAt ?? proxy?.at ?? 0));
    // What is corrected is an interval old already when a snapshot comes.
    host.reconcileIntervalMs = INTERVALS_KEPT * Math.max(0, ...intervals);
  }

  /** What differed before then has been corrected on every host with sessions; null where they do not come of each of them. */
  reconciledAt(hosts: Iterable<Host>): number | null {
    let earliest: number | null = null;
    for (const host of hosts) {
      if (host.heardAt === 0 && host.openSessions === 0 && !this.#hosts.has(host.name)) continue;
      if (host.reconciledAt === null) return null;
      earliest = Math.min(earliest ?? host.reconciledAt, host.reconciledAt);
    }
    return earliest;
  }

  /**
   * Of a session that the journal kept. `isListed`: the latest snapshot of its virtual proxy listed it. `mark`: of the
   * SessionId that it is bound to, 0 for none.
   */
  restoreSession(session: Session, isListed: boolean, mark: number): void {
    const proxy = this.ofHost(session.key.host.name).get(session.virtualProxy ?? '');
    const at = proxy?.at ?? null;
    if (isListed) {
      session.listedAt = at;
      session.lastSeenAt = Math.max(session.lastSeenAt, at ?? session.lastSeenAt);
    }
    if (mark === 0 || session.endedAt !== null || proxy === undefined || at === null) return;
    const listedAt = isListed ? at : (proxy.previousAt ?? 0);
    const sighting = new BoundSighting({ id: '', user: session.key.user }, proxy, listedAt, mark);
    sighting.session = session;
    session.sighting = sighting;
    this.unnamed.set(mark, sighting);
  }

  get state(): PolledProxyState[] {
    const proxies = [...this.#hosts.values()].flatMap((each) => [...each.values()]);
    return proxies.flatMap(({ host, virtualProxy, at, previousAt }) => {
      return at === null ? [] : [{ host, virtualProxy, at, previousAt }];
    });
  }

  restore(state: readonly PolledProxyState[]): void {
    for (const { host, virtualProxy, at, previousAt } of state) {
      Object.assign(this.of(host, virtualProxy), { at, previousAt });
    }
  }
}
