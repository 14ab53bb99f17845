import type { DatabaseSync } from 'node:sqlite';
import { USER_CLASSES, type UserClass } from '../../../contract/user-class.ts';
import type { Items } from '../items.ts';
import { keptSince } from '../kept-since.ts';
import { byConnections, firstOf, largest, MOST_LISTED } from './largest.ts';
import { dimensionOf, type Part } from './part.ts';
import type { Happened, Open, PartCounts } from './part-counts.ts';
import { type PartConnection, type PartSession, PartSessions } from './part-sessions.ts';
import { endsBefore, endsNow, happenedIn, happenedOn } from './recently.ts';

export interface CountsQuestion {
  readonly part: Part;
  /** A moment, milliseconds since 1970 UTC; null for now, as the last commit has it. */
  readonly at: number | null;
  /** Of one class of users, only the first numbers are. */
  readonly class: UserClass | null;
}

/** Sessions and connections looked at, each: others wait for the reader. */
const MOST_READ = 200_000;

/** Answers from the sessions as they are known now. Of the moment and of what was open then a session knows the truth, corrections included. */
export function countsOf(
  database: DatabaseSync,
  items: Items,
  { part, at, class: only }: CountsQuestion,
  now: number,
): PartCounts {
  // Points of many apps are not kept.
  const dimension = at === null && part.app === null ? dimensionOf(part) : null;
  const ends = at === null ? endsNow(now) : endsBefore(at);
  return {
    ...openIn(database, items, part, at, only),
    ...(dimension === null ? happenedIn(database, items, part, ends) : happenedOn(database, dimension, ends)),
    isDeleted: at !== null && at < keptSince(database),
  };
}

type OpenIn = Omit<PartCounts, keyof Happened | 'isDeleted'>;

function openIn(
  database: DatabaseSync,
  items: Items,
  part: Part,
  at: number | null,
  only: UserClass | null,
): OpenIn {
  const sessions = new PartSessions(database, items, part, MOST_READ);
  const { seen } = items;
  const all = new Group();
  const connected = new Set<number>();
  const byClass = { person: new Group(), anonymous: new Group(), service: new Group() };
  const [hosts, virtualProxies, apps] = [new Groups(), new Groups(), new Groups()];
  for (const session of sessions.find(at === null ? { active: true } : { at })) {
    const open = openConnections(sessions, session, at);
    // It had the app open at another time.
    if (part.app !== null && open.length === 0) continue;
    const person = seen.person(session.user);
    const ofClass = seen.classOf(session.user);
    byClass[ofClass].add(person, open.length);
    if (only === null || only === ofClass) {
      all.add(person, open.length);
      if (open.length > 0 && person !== null) connected.add(person);
    }
    hosts.of(seen.text(session.host))?.add(person, open.length);
    virtualProxies.of(seen.text(session.virtualProxy))?.add(person, open.length);
    for (const { app } of open) apps.of(seen.text(app))?.add(person, 1);
  }
  const isKnown = !sessions.hasTooManySessions && (part.app === null || !sessions.hasTooManyConnections);
  if (!isKnown) return UNKNOWN;
  const areConnectionsKnown = !sessions.hasTooManyConnections;
  const shown = (group: Group): Open => ({
    sessions: group.sessions,
    users: group.users.size,
    connections: areConnectionsKnown ? group.connections : null,
  });
  const listed = (groups: Groups) =>
    largest(groups.all()).map(({ name, group }) => ({ name, ...shown(group) }));
  return {
    active: {
      ...shown(all),
      connectedUsers: areConnectionsKnown ? connected.size : null,
      byClass: ofClasses((name) => ({ sessions: byClass[name].sessions, users: byClass[name].users.size })),
    },
    hosts: listed(hosts),
    hostsTotal: hosts.size,
    virtualProxies: listed(virtualProxies),
    virtualProxiesTotal: virtualProxies.size,
    apps: areConnectionsKnown ? firstOf(apps.all(), MOST_LISTED, byConnections).map(appOf) : [],
    appsTotal: areConnectionsKnown ? apps.size : null,
  };
}

/** Those of a session that were open then. */
function openConnections(
  sessions: PartSessions,
  session: PartSession,
  at: number | null,
): readonly PartConnection[] {
  if (at === null && session.openConnections === 0) return [];
  const isOpen = ({ openedAt, closedAt }: PartConnection): boolean =>
    at === null ? closedAt === null : openedAt <= at && (closedAt === null || closedAt > at);
  const open = sessions.connectionsOf(session).filter(isOpen);
  // Further back there is none that is open now.
  return (at === null ? open.take(session.openConnections) : open).toArray();
}

const NOBODY_KNOWS = { sessions: null, users: null };
const UNKNOWN: OpenIn = {
  active: {
    ...{ ...NOBODY_KNOWS, connections: null, connectedUsers: null },
    byClass: ofClasses(() => NOBODY_KNOWS),
  },
  ...{
    hosts: [],
    hostsTotal: null,
    virtualProxies: [],
    virtualProxiesTotal: null,
    apps: [],
    appsTotal: null,
  },
};

function ofClasses<Value>(find: (name: UserClass) => Value): Record<UserClass, Value> {
  return Object.fromEntries(USER_CLASSES.map((name) => [name, find(name)])) as Record<UserClass, Value>;
}

class Group {
  sessions = 0;
  connections = 0;
  readonly users = new Set<number>();

  add(person: number | null, connections: number): void {
    this.sessions += 1;
    this.connections += connections;
    if (person !== null) this.users.add(person);
  }
}

interface NamedGroup {
  readonly name: string;
  readonly group: Group;
  readonly sessions: number;
  readonly connections: number;
}

class Groups {
  readonly #groups = new Map<string, Group>();

  get size(): number {
    return this.#groups.size;
  }

  /** Null for what has no name. */
  of(name: string | null): Group | null {
    if (name === null) return null;
    let group = this.#groups.get(name);
    if (group === undefined) {
      group = new Group();
      this.#groups.set(name, group);
    }
    return group;
  }

  *all(): Generator<NamedGroup> {
    for (const [name, group] of this.#groups) {
      yield { name, group, sessions: group.sessions, connections: group.connections };
    }
  }
}

function appOf({ name, group }: NamedGroup): PartCounts['apps'][number] {
  return { name, connections: group.connections, users: group.users.size };
}
