import { hash } from 'node:crypto';
import type { User } from '../contract/event.ts';
import type { SimulatedEvent } from './line.ts';

/** What is true at a moment. Always `created = destroyed + timedOut + crashed + active.sessions`. */
export interface TruthCounts {
  readonly active: ActiveCounts;
  readonly created: number;
  /** Sessions that ended with a Stop. */
  readonly destroyed: number;
  /** Sessions whose user left without a log-out, whether they have timed out by now or not. */
  readonly abandoned: number;
  /** Abandoned sessions that the proxy has ended since. */
  readonly timedOut: number;
  /** Sessions that ended with their proxy. */
  readonly crashed: number;
  readonly perHost: Readonly<Record<string, PartCounts>>;
  /** Over all hosts. */
  readonly perVirtualProxy: Readonly<Record<string, PartCounts>>;
}

export type PartCounts = Omit<ActiveCounts, 'connectedUsers'>;

/** A session that is open; `connections` maps the number of each open connection to its app. */
export interface OpenSession {
  readonly sessionKey: string;
  /** What its proxy calls it when asked. It has nothing to do with what the lines say. */
  readonly proxyId: string;
  readonly host: string;
  readonly virtualProxy: string;
  readonly user: User;
  readonly startedAt: number;
  readonly connections: ReadonlyMap<number, string | null>;
}

/** Who is on, from the events themselves: what a perfect observer would say. Times are simulated. */
export interface Truth {
  /** In order of time. */
  apply(event: SimulatedEvent): void;
  /** Ends what has timed out by `at`. */
  advance(at: number): void;
  /** The proxy of that host died: whoever was on there is not any more. */
  crash(host: string): void;
  counts(): TruthCounts;
  openSessions(): readonly OpenSession[];
}

export interface TruthOptions {
  readonly hosts: readonly string[];
  readonly virtualProxies: readonly string[];
  /** An abandoned session ends when it has been idle for longer than this, simulated milliseconds. */
  readonly timeoutMs: number;
  /** Users who do not count, like a blacklist of Headcount's. */
  readonly isExcluded: (user: User) => boolean;
}

type Tracked = OpenSession & { readonly connections: Map<number, string | null> };

export function createTruth({ hosts, virtualProxies, timeoutMs, isExcluded }: TruthOptions): Truth {
  const site = createTally();
  const perHost = new Map(hosts.map((host) => [host, createTally()]));
  const perVirtualProxy = new Map(virtualProxies.map((name) => [name, createTally()]));
  const open = new Map<string, Tracked>();
  const idle = createQueue<{ readonly sessionKey: string; readonly since: number }>();
  let [created, destroyed, abandoned, timedOut, crashed] = [0, 0, 0, 0, 0];

  function eachTally(session: OpenSession, change: (tally: Tally, user: string) => void): void {
    const name = `${session.user.directory}\\${session.user.id}`.toLowerCase();
    const parts = [perHost.get(session.host), perVirtualProxy.get(session.virtualProxy)];
    for (const tally of [site, ...parts]) if (tally !== undefined) change(tally, name);
  }

  function start({ sessionKey, host, virtualProxy, user, at }: SimulatedEvent): void {
    const [proxyId, connections] = [proxyIdOf(sessionKey), new Map<number, string | null>()];
    const session = { sessionKey, proxyId, host, virtualProxy, user, startedAt: at, connections };
    open.set(sessionKey, session);
    eachTally(session, (tally, name) => tally.addSession(name, 1));
    created += 1;
  }

  function end(session: Tracked): void {
    for (const connection of session.connections.keys()) close(session, connection);
    open.delete(session.sessionKey);
    eachTally(session, (tally, name) => tally.addSession(name, -1));
  }

  function close(session: Tracked, connection: number): void {
    if (!session.connections.delete(connection)) return;
    eachTally(session, (tally, name) => tally.addConnection(name, -1));
  }

  function change(session: Tracked, event: SimulatedEvent): void {
    const { kind, connection, appId } = event;
    if (kind === 'session_stop') {
      end(session);
      destroyed += 1;
    } else if (kind === 'connection_open' && connection !== null) {
      session.connections.set(connection, appId);
      eachTally(session, (tally, name) => tally.addConnection(name, 1));
    } else if (kind === 'connection_close' && connection !== null) close(session, connection);
    if (!event.abandons) return;
    abandoned += 1;
    idle.add({ sessionKey: session.sessionKey, since: event.at });
  }

  function advance(at: number): void {
    for (let first = idle.first(); first !== null && at - first.since > timeoutMs; first = idle.first()) {
      idle.dropFirst();
      const session = open.get(first.sessionKey);
      if (session === undefined) continue;
      end(session);
      timedOut += 1;
    }
  }

  return {
    apply(event) {
      advance(event.at);
      if (isExcluded(event.user)) return;
      const session = open.get(event.sessionKey);
      if (event.kind === 'session_start') start(event);
      else if (session !== undefined) change(session, event);
    },
    advance,
    crash(host) {
      for (const session of [...open.values()]) {
        if (session.host !== host) continue;
        end(session);
        crashed += 1;
      }
    },
    counts() {
      const parts = { perHost: countsOf(perHost), perVirtualProxy: countsOf(perVirtualProxy) };
      return { active: site.counts(), created, destroyed, abandoned, timedOut, crashed, ...parts };
    },
    openSessions: () => [...open.values()],
  };
}

/** A GUID. */
function proxyIdOf(sessionKey: string): string {
  return hash('md5', sessionKey).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

function countsOf(tallies: ReadonlyMap<string, Tally>): Record<string, PartCounts> {
  return Object.fromEntries(
    Array.from(tallies, ([name, tally]) => {
      const { sessions, users, connections } = tally.counts();
      return [name, { sessions, users, connections }];
    }),
  );
}

/** First in, first out; dropping costs O(1) on average. */
function createQueue<T>() {
  let items: T[] = [];
  let dropped = 0;
  return {
    add: (item: T) => items.push(item),
    first: (): T | null => items[dropped] ?? null,
    dropFirst() {
      dropped += 1;
      if (dropped < 1000) return;
      items = items.slice(dropped);
      dropped = 0;
    },
  };
}

/** What is open right now, as `GET /api/v1/counts` says it. Users are distinct. */
export interface ActiveCounts {
  readonly sessions: number;
  readonly users: number;
  readonly connections: number;
  readonly connectedUsers: number;
}

/** Counts sessions and connections by their users. `by` is 1 or -1. */
export interface Tally {
  addSession(user: string, by: 1 | -1): void;
  addConnection(user: string, by: 1 | -1): void;
  counts(): ActiveCounts;
}

export function createTally(): Tally {
  const sessionsOf = new Map<string, number>();
  const connectionsOf = new Map<string, number>();
  let [sessions, connections] = [0, 0];
  return {
    addSession(user, by) {
      sessions += by;
      add(sessionsOf, user, by);
    },
    addConnection(user, by) {
      connections += by;
      add(connectionsOf, user, by);
    },
    counts: () => ({ sessions, users: sessionsOf.size, connections, connectedUsers: connectionsOf.size }),
  };
}

function add(counts: Map<string, number>, user: string, by: number): void {
  const left = (counts.get(user) ?? 0) + by;
  if (left === 0) counts.delete(user);
  else counts.set(user, left);
}
