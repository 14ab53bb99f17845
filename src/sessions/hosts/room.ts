import type { User, UserEvent } from '../../contract/event.ts';
import type { Counts } from '../counts.ts';
import type { Identities } from '../identities.ts';
import type { Host } from '../session.ts';
import type { SessionBook } from '../session-book.ts';
import type { PolledProxies } from '../snapshots/polled-proxies.ts';

/** Bounds of the picture: a flood of made-up users or hosts must not fill the memory. */
export interface SiteBounds {
  /** Sessions and connections together. */
  readonly mostOpen: number;
  readonly mostKeys: number;
  /** What is done each second is done for each host. */
  readonly mostHosts: number;
  /** Apps and virtual proxies that get points of their own, each. */
  readonly mostParts: number;
}

export const BOUNDS: SiteBounds = {
  mostOpen: 4_000_000,
  mostKeys: 4_000_000,
  mostHosts: 2_000,
  mostParts: 5_000,
};

/** A session with its key, its user and their names takes less. */
const BYTES_A_SESSION = 1_200;

/** The same, of a program that may have no more memory than that: it refuses rather than end. */
export function boundsWithin(heapBytes: number): SiteBounds {
  const most = Math.floor(heapBytes / BYTES_A_SESSION);
  return { ...BOUNDS, mostOpen: Math.min(BOUNDS.mostOpen, most), mostKeys: Math.min(BOUNDS.mostKeys, most) };
}

/** Of all hosts so many make room at once, so that it costs little for each that comes. */
const PART = 4;

/**
 * Whether there is room for one more, and who makes room where there is not. What it decides rests on nothing but lines and
 * the state, so that it is the same again when lines are applied once more after a restart.
 */
export class Room {
  readonly #bounds: SiteBounds;
  readonly #identities: Identities;
  readonly #counts: Counts;
  readonly #book: SessionBook;
  readonly #polledProxies: PolledProxies;
  /** Called when hosts had to be forgotten for a new one. */
  onMadeRoom: (forgotten: number, newcomer: string) => void = () => {};

  constructor(bounds: SiteBounds, counts: Counts, book: SessionBook, polledProxies: PolledProxies) {
    this.#bounds = bounds;
    this.#identities = book.identities;
    this.#counts = counts;
    this.#book = book;
    this.#polledProxies = polledProxies;
  }

  /** True where one more session, connection or user would be one too many. For a host there always is room. */
  isFullFor({ kind, host, user, application }: UserEvent): boolean {
    const opens = kind === 'session_start' || kind === 'connection_open' || application === true;
    return (opens && this.#isOpenFull) || this.#isFullOf(host, user);
  }

  /** Room for one more session of that user. */
  hasFor(host: string, user: User | null): boolean {
    return !this.#isOpenFull && !this.#isFullOf(host, user);
  }

  get #isOpenFull(): boolean {
    const { sessions, connections, hidden } = this.#counts;
    return sessions + connections + hidden.sessions + hidden.connections >= this.#bounds.mostOpen;
  }

  #isFullOf(host: string, user: User | null): boolean {
    return this.#identities.keyCount >= this.#bounds.mostKeys && !this.#identities.knows(host, user);
  }

  /** The host of a line. Where it is one too many, others make room. */
  hostOf({ host: name, receivedAt }: Pick<UserEvent, 'host' | 'receivedAt'>): Host {
    const { hosts } = this.#identities;
    const known = hosts.get(name);
    if (known !== undefined) return known;
    if (hosts.size >= this.#bounds.mostHosts) this.#makeRoom(name, receivedAt);
    return this.#identities.host(name, receivedAt);
  }

  /** A host of which perhaps no line was ever taken; null where there is no room for one more. */
  hostWithoutLine(name: string, now: number): Host | null {
    const { hosts } = this.#identities;
    const known = hosts.get(name);
    if (known !== undefined || hosts.size >= this.#bounds.mostHosts) return known ?? null;
    return this.#identities.host(name, now);
  }

  /**
   * Forgets hosts of which the fewest lines came, of those that were silent for longest, with all that is open on them: a
   * name that somebody made up never gets further than a few lines. A host that is polled is one that an operator named.
   */
  #makeRoom(newcomer: string, now: number): void {
    const isPolled = ({ name }: Host) => this.#polledProxies.ofHost(name).size > 0;
    const leastKnown = [...this.#identities.hosts.values()]
      .filter((host) => !isPolled(host))
      .sort((a, b) => byStanding(a, b) || (a.name < b.name ? -1 : 1));
    const gone = leastKnown.slice(0, Math.ceil(this.#bounds.mostHosts / PART));
    for (const host of gone) this.#forget(host, now);
    this.onMadeRoom(gone.length, newcomer);
  }

  #forget(host: Host, now: number): void {
    const open = [...host.keys.values()].flatMap((key) => [...(key.open?.sessions() ?? [])]);
    for (const session of open.sort((a, b) => a.id - b.id)) {
      session.lastActivityAt = session.lastSignAt;
      this.#book.end(session, Math.max(session.startedAt, session.lastActivityAt), 'made_room', now);
    }
    this.#identities.forgetHost(host);
  }
}

function byStanding({ standing: a }: Host, { standing: b }: Host): number {
  return a.rank - b.rank || a.usedAt - b.usedAt;
}
