import fc from 'fast-check';
import type { Kind } from '../../../src/contract/event.ts';
import type { Snapshot } from '../../../src/contract/snapshot.ts';
import { userName } from '../model/session-model.ts';
import { person, T, tallyOf } from './polled-site.ts';

export const HOSTS = ['node1', 'node2'];
export const PROXIES = ['/', '/sales'];
const USERS = ['anna', 'bert', 'carl'];

interface Visit {
  readonly id: string;
  readonly host: string;
  readonly virtualProxy: string;
  readonly user: string;
}

/** What happens in the world: somebody comes, opens an app, leaves; a proxy is asked, or time passes. */
export type Deed =
  | { type: 'come'; host: string; virtualProxy: string; user: string; isLost: boolean; isNamed: boolean }
  | { type: 'work' | 'leave'; who: number; isLost: boolean; isNamed: boolean }
  | { type: 'ask'; host: string; virtualProxy: string; isFailed: boolean }
  | { type: 'wait'; ms: number };

const isLost = fc.integer({ min: 0, max: 9 }).map((draw) => draw < 3);
const isNamed = fc.integer({ min: 0, max: 9 }).map((draw) => draw < 2);
const place = { host: fc.constantFrom(...HOSTS, 'node1'), virtualProxy: fc.constantFrom(...PROXIES, '/') };
export const deed: fc.Arbitrary<Deed> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant('come' as const),
      ...place,
      user: fc.constantFrom(...USERS),
      isLost,
      isNamed,
    }),
  },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('work' as const), who: fc.nat(), isLost, isNamed }) },
  {
    weight: 3,
    arbitrary: fc.record({ type: fc.constant('leave' as const), who: fc.nat(), isLost, isNamed }),
  },
  { weight: 4, arbitrary: fc.record({ type: fc.constant('ask' as const), ...place, isFailed: isLost }) },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('wait' as const),
      ms: fc.constantFrom(10_000, 60_000, 40 * 60_000),
    }),
  },
);

export interface Tells {
  line(kind: Kind, user: string, at: number, host: string, virtualProxy: string | null): void;
  snapshot(snapshot: Snapshot, now: number): void;
}

/** A site with several proxies whose truth is known. Seven seconds pass with each deed. */
export class World {
  now = T;
  readonly #tells: Tells;
  #visits: Visit[] = [];
  #nextId = 1;

  constructor(tells: Tells) {
    this.#tells = tells;
  }

  do(deed: Deed): void {
    this.now += 7_000;
    if (deed.type === 'wait') this.now += deed.ms;
    else if (deed.type === 'ask') {
      if (!deed.isFailed) this.ask(deed.host, deed.virtualProxy);
    } else if (deed.type === 'come') {
      const { host, virtualProxy, user } = deed;
      const visit = { id: `${user}-${this.#nextId++}`, host, virtualProxy, user };
      this.#visits.push(visit);
      this.#tell('session_start', visit, deed);
    } else {
      const visit = this.#visits[deed.who % this.#visits.length];
      if (visit === undefined) return;
      if (deed.type === 'leave') this.#visits = this.#visits.filter((each) => each !== visit);
      this.#tell(deed.type === 'leave' ? 'session_stop' : 'connection_open', visit, deed);
    }
  }

  #tell(
    kind: Kind,
    { user, host, virtualProxy }: Visit,
    { isLost, isNamed }: { isLost: boolean; isNamed: boolean },
  ) {
    if (!isLost) this.#tells.line(kind, user, this.now, host, isNamed ? virtualProxy : null);
  }

  ask(host: string, virtualProxy: string): void {
    this.#tells.snapshot(this.#listOf(host, virtualProxy), this.now);
  }

  #listOf(host: string, virtualProxy: string): Snapshot {
    const there = this.#visits.filter((each) => each.host === host && each.virtualProxy === virtualProxy);
    return {
      host,
      virtualProxy,
      at: this.now,
      durationMs: 5,
      sessions: there.map(({ id, user }) => ({ id, user: person(user) })),
      hidden: [],
      allVirtualProxies: PROXIES,
      keepsUsers: true,
    };
  }

  /** Asks every proxy once, in some order. */
  round(order: readonly (readonly [host: string, virtualProxy: string])[] = ALL): void {
    for (const [host, virtualProxy] of order) {
      this.now += 7_000;
      this.ask(host, virtualProxy);
    }
  }

  /** Who is on, by `host virtualProxy user`. */
  get truth(): Record<string, number> {
    return tallyOf(
      this.#visits.map(({ host, virtualProxy, user }) => `${host} ${virtualProxy} ${userName(person(user))}`),
    );
  }
}

export const ALL = HOSTS.flatMap((host) => PROXIES.map((virtualProxy) => [host, virtualProxy] as const));
