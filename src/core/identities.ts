import type { User } from './event.ts';
import type { OpenSessions } from './open-sessions.ts';
import type { Dimension } from './series.ts';
import type { Connection, Session } from './session.ts';
import { copied } from './string-pool.ts';

/** A Sense node, with its counts. */
export class Host {
  readonly name: string;
  readonly dimension: Dimension;
  readonly keys = new Map<KnownUser | null, Key>();
  /** The journal's number for the name, valid within one of its generations of names. */
  journalNumber = 0;
  journalGeneration = -1;
  openSessions = 0;
  openUsers = 0;
  openConnections = 0;
  /** Latest event time seen of this host. */
  lastEventAt = 0;
  /** Keyed Stops that matched no session since the last match. */
  keyMismatches = 0;
  keysIgnored = false;

  constructor(name: string) {
    this.name = name;
    this.dimension = `host:${name}`;
  }
}

/** A user on any host. */
export class KnownUser implements User {
  readonly directory: string | null;
  readonly id: string;
  /** The journal's number for the user, valid within one of its generations of names. */
  journalNumber = 0;
  journalGeneration = -1;
  /** Hosts on which the user has an open session. */
  openKeys = 0;
  openConnections = 0;
  /** Keys that refer to this user. */
  keys = 0;

  constructor(directory: string | null, id: string) {
    this.directory = directory;
    this.id = id;
  }
}

/** An orphan Stop that a late Start may still pair with. */
export interface OrphanStop {
  readonly at: number;
  readonly receivedAt: number;
  readonly timed: boolean;
  readonly sessionKey: string | null;
  readonly virtualProxy: string | null;
  readonly seq: number;
}

/** (host, user): the key of sessions. Null is empty throughout. */
export class Key {
  readonly host: Host;
  readonly user: KnownUser | null;
  open: OpenSessions | null = null;
  timedOut: Session[] | null = null;
  closedByStop: Connection[] | null = null;
  orphanStops: OrphanStop[] | null = null;
  /** Our clock at the last line or end; decides when an empty key may be forgotten. */
  usedAt = 0;
  queued = false;
  queuedAt = 0;

  get openSessions(): number {
    return this.open?.size ?? 0;
  }

  constructor(host: Host, user: KnownUser | null) {
    this.host = host;
    this.user = user;
  }
}

const FORGET_AFTER_MS = 25 * 3_600_000;
const NO_DIRECTORY = '';
const MAX_SPELLINGS = 10_000;

/**
 * Every host, user and key that has open or remembered sessions. Users are found case-insensitively. A key
 * that stays empty for 25 h (longer than anything is remembered) is forgotten, and with its last key the user.
 */
export class Identities {
  readonly hosts = new Map<string, Host>();
  // Inner maps by lower-cased id and by the spelling first seen; the outer one also holds a directory's other
  // spellings.
  readonly #users = new Map<string, Map<string, KnownUser>>();
  // A queue by the time at which keys were found empty; what stands before `#head` is done with.
  #empty: Key[] = [];
  #head = 0;

  host(name: string): Host {
    let host = this.hosts.get(name);
    if (host === undefined) {
      host = new Host(copied(name));
      this.hosts.set(host.name, host);
    }
    return host;
  }

  user(user: User): KnownUser {
    const directory = user.directory ?? NO_DIRECTORY;
    const inner = this.#users.get(directory) ?? this.#directory(directory);
    return inner.get(user.id) ?? this.#otherSpelling(inner, user, directory);
  }

  #otherSpelling(inner: Map<string, KnownUser>, user: User, directory: string): KnownUser {
    const folded = user.id.toLowerCase();
    const known = inner.get(folded);
    if (known !== undefined) return known;
    const id = copied(user.id);
    const fresh = new KnownUser(user.directory === null ? null : copied(directory), id);
    inner.set(id, fresh);
    if (folded !== id) inner.set(copied(folded), fresh);
    return fresh;
  }

  #directory(spelling: string): Map<string, KnownUser> {
    const folded = spelling.toLowerCase();
    let inner = this.#users.get(folded);
    if (inner === undefined) {
      inner = new Map();
      this.#users.set(copied(folded), inner);
    }
    if (folded !== spelling && this.#users.size < MAX_SPELLINGS) this.#users.set(copied(spelling), inner);
    return inner;
  }

  key(host: Host, user: KnownUser | null): Key {
    let key = host.keys.get(user);
    if (key === undefined) {
      key = new Key(host, user);
      host.keys.set(user, key);
      if (user !== null) user.keys += 1;
    }
    return key;
  }

  /** To be called when a line or an end leaves a key without open session. */
  emptied(key: Key, now: number): void {
    key.usedAt = now;
    if (!key.queued) this.#enqueue(key);
  }

  #enqueue(key: Key): void {
    key.queued = true;
    key.queuedAt = key.usedAt;
    this.#empty.push(key);
  }

  /** Forgets what has been empty long enough. Costs O(forgotten). */
  forget(now: number): void {
    for (let key = this.#empty[this.#head]; key !== undefined; key = this.#empty[this.#head]) {
      if (Math.abs(now - key.queuedAt) < FORGET_AFTER_MS) break;
      this.#head += 1;
      key.queued = false;
      if (key.open !== null) continue;
      if (key.usedAt !== key.queuedAt) this.#enqueue(key);
      else this.#drop(key);
    }
    if (this.#head > this.#empty.length / 2) {
      this.#empty = this.#empty.slice(this.#head);
      this.#head = 0;
    }
  }

  #drop(key: Key): void {
    key.host.keys.delete(key.user);
    const user = key.user;
    if (user === null) return;
    user.keys -= 1;
    if (user.keys > 0) return;
    const inner = this.#users.get((user.directory ?? NO_DIRECTORY).toLowerCase());
    inner?.delete(user.id.toLowerCase());
    inner?.delete(user.id);
  }
}
