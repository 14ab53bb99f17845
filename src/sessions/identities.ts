import type { User } from '../contract/event.ts';
import { foldName } from '../contract/fold-name.ts';
import { Host, Key, KnownUser, type Session } from './session.ts';
import { copied } from './string-pool.ts';

/** Longer than anything is remembered. */
const FORGET_AFTER_MS = 25 * 3_600_000;
const NO_DIRECTORY = '';
const MOST_SPELLINGS = 64;

/**
 * Every host, user and key that has open or remembered sessions. Users are found in whatever spelling. A key
 * that stays empty for long enough is forgotten, and with its last key the user.
 */
export class Identities {
  readonly hosts = new Map<string, Host>();
  /** Of the latest loss of lines anywhere: hosts that come later begin there. */
  epoch = 0;
  /** Whom the rules of now exclude. */
  isExcluded: (user: User) => boolean = () => false;
  readonly #forgetAfterMs: number;
  readonly #directories = new Map<string, Directory>();
  #keyCount = 0;
  // A queue by the time at which keys were found empty; what stands before `#head` is done with.
  #empty: Key[] = [];
  #head = 0;

  /** That a host sent something matters for `mattersMs`: so long it is not forgotten. */
  constructor(mattersMs = 0) {
    this.#forgetAfterMs = Math.max(FORGET_AFTER_MS, mattersMs);
  }

  /** Keys known at present. */
  get keyCount(): number {
    return this.#keyCount;
  }

  /** True where the key of that host and user exists. */
  knows(hostName: string, user: User | null): boolean {
    const host = this.hosts.get(hostName);
    if (host === undefined) return false;
    if (user === null) return host.keys.has(null);
    return this.keyOf(host, user) !== null;
  }

  /** Null where there is none. */
  keyOf(host: Host, user: User): Key | null {
    const known = this.find(user);
    return known === undefined ? null : (host.keys.get(known) ?? null);
  }

  /** Every user with its keys. */
  keysByUser(): Map<KnownUser, Key[]> {
    const users = new Map<KnownUser, Key[]>();
    for (const host of this.hosts.values()) {
      for (const key of host.keys.values()) {
        if (key.user === null) continue;
        const keys = users.get(key.user);
        if (keys === undefined) users.set(key.user, [key]);
        else keys.push(key);
      }
    }
    return users;
  }

  /** A user who is known already, in whatever spelling. */
  find({ directory, id }: User): KnownUser | undefined {
    const spelling = directory ?? NO_DIRECTORY;
    const known = this.#directories.get(spelling) ?? this.#directories.get(foldName(spelling));
    return known?.users.get(id) ?? known?.users.get(foldName(id));
  }

  host(name: string): Host {
    let host = this.hosts.get(name);
    if (host === undefined) {
      host = new Host(copied(name), this.epoch);
      this.hosts.set(host.name, host);
    }
    return host;
  }

  user(user: User): KnownUser {
    const spelling = user.directory ?? NO_DIRECTORY;
    const directory = this.#directories.get(spelling) ?? this.#directory(spelling);
    return directory.users.get(user.id) ?? this.#otherSpelling(directory, user);
  }

  #otherSpelling(directory: Directory, user: User): KnownUser {
    const folded = foldName(user.id);
    const known = directory.users.get(folded);
    if (known !== undefined) return known;
    const id = copied(user.id);
    const { spellings } = directory;
    // One string for all users of a directory.
    const name = spellings.find((spelling) => spelling === user.directory);
    const fresh = new KnownUser(user.directory === null ? null : (name ?? copied(user.directory)), id);
    fresh.isHidden = this.isExcluded(fresh);
    directory.users.set(id, fresh);
    if (folded !== id) directory.users.set(copied(folded), fresh);
    return fresh;
  }

  #directory(spelling: string): Directory {
    const folded = foldName(spelling);
    let directory = this.#directories.get(folded);
    if (directory === undefined) {
      directory = { spellings: [], users: new Map() };
      this.#addSpelling(directory, folded);
    }
    if (folded !== spelling && directory.spellings.length < MOST_SPELLINGS) {
      this.#addSpelling(directory, spelling);
    }
    return directory;
  }

  #addSpelling(directory: Directory, spelling: string): void {
    const copy = copied(spelling);
    directory.spellings.push(copy);
    this.#directories.set(copy, directory);
  }

  key(host: Host, user: KnownUser | null): Key {
    let key = host.keys.get(user);
    if (key === undefined) {
      key = new Key(host, user);
      host.keys.set(user, key);
      this.#keyCount += 1;
      if (user !== null) user.keys += 1;
    }
    return key;
  }

  *openSessions(): Iterable<Session> {
    for (const host of this.hosts.values()) {
      for (const key of host.keys.values()) if (key.open !== null) yield* key.open.sessions();
    }
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
      if (Math.abs(now - key.queuedAt) < this.#forgetAfterMs) break;
      this.#head += 1;
      key.queued = false;
      if (key.open !== null) continue;
      // What a host lost is not forgotten while it matters.
      if (key.host.losses.length > 0 && key.host.keys.size === 1) key.usedAt = now;
      if (key.usedAt !== key.queuedAt) this.#enqueue(key);
      else this.#drop(key);
    }
    if (this.#head > this.#empty.length / 2) {
      this.#empty = this.#empty.slice(this.#head);
      this.#head = 0;
    }
  }

  #drop(key: Key): void {
    const { host, user } = key;
    host.keys.delete(user);
    this.#keyCount -= 1;
    // What was learnt of its session keys must not be forgotten.
    const learnt = host.keysIgnored || host.keysMatched || host.keyMismatches > 0;
    if (host.keys.size === 0 && !learnt) this.hosts.delete(host.name);
    if (user === null) return;
    user.keys -= 1;
    if (user.keys > 0) return;
    const directory = this.#directories.get(foldName(user.directory ?? NO_DIRECTORY));
    directory?.users.delete(foldName(user.id));
    directory?.users.delete(user.id);
    if (directory?.users.size !== 0) return;
    for (const spelling of directory.spellings) this.#directories.delete(spelling);
  }
}

/** The users of one directory, by folded id and by the spelling first seen. */
interface Directory {
  /** Under which names the directory is found; the first is the folded one. */
  readonly spellings: string[];
  readonly users: Map<string, KnownUser>;
}
