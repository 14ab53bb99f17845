import type { User } from '../contract/event.ts';
import { foldName } from '../contract/fold-name.ts';
import { EdgeSites } from './edges/edge-sites.ts';
import { KeyQueue } from './hosts/key-queue.ts';
import { Host, Key, KnownUser, type Session } from './session.ts';
import { copied } from './string-pool.ts';

/** What a key remembers of lines matters for two minutes at most, and no answer of a proxy takes longer. */
const FORGET_AFTER_MS = 3 * 60_000;
/** An end that no line told can be taken back for a day. */
const FORGET_TIMED_OUT_AFTER_MS = 25 * 3_600_000;
/** Whether session keys are constant on a host shows itself in its lines again, but costs wrong sessions until then. */
const FORGET_LEARNT_AFTER_MS = 7 * 24 * 3_600_000;
/** Users who are not on, and come back under the number that the journal has of them. */
const MOST_AWAY = 10_000;
/** So many are forgotten at once: what is deleted first in a set is looked through again each time. */
const FORGOTTEN_AT_ONCE = 1_000;
const NO_DIRECTORY = '';
const MOST_SPELLINGS = 64;

/**
 * Every host, user and key that has open or remembered sessions. Users are found in whatever spelling. A key is forgotten
 * when nothing of what it remembers can be used any more, and a host when it is silent for longer than what it lost matters.
 */
export class Identities {
  readonly hosts = new Map<string, Host>();
  /** Where hosts of other sites belong. */
  readonly edgeSites = new EdgeSites();
  /** Of the latest loss of lines anywhere: hosts that come later begin there. */
  epoch = 0;
  /** Whom the rules of now exclude. */
  isExcluded: (user: User) => boolean = () => false;
  readonly #forgetHostsAfterMs: number;
  readonly #directories = new Map<string, Directory>();
  #keyCount = 0;
  readonly #empty = new KeyQueue(FORGET_AFTER_MS);
  readonly #timedOut = new KeyQueue(FORGET_TIMED_OUT_AFTER_MS);
  /** Users without a key; who left longest ago comes first. */
  readonly #away = new Set<KnownUser>();

  /** That a host sent something matters for `mattersMs`: so long it is not forgotten. */
  constructor(mattersMs = 0) {
    this.#forgetHostsAfterMs = Math.max(FORGET_TIMED_OUT_AFTER_MS, mattersMs);
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

  /** `now`: our clock, where the host may be new. */
  host(name: string, now = 0): Host {
    let host = this.hosts.get(name);
    if (host === undefined) {
      host = new Host(copied(name), this.epoch, now);
      host.edgeSite = this.edgeSites.of(name);
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
      if (user !== null) this.#isBack(user);
    }
    return key;
  }

  #isBack(user: KnownUser): void {
    user.keys += 1;
    // The rules may be others since.
    if (this.#away.delete(user)) user.isHidden = this.isExcluded(user);
  }

  *openSessions(): Iterable<Session> {
    for (const host of this.hosts.values()) {
      for (const key of host.keys.values()) if (key.open !== null) yield* key.open.sessions();
    }
  }

  /** To be called when a line or an end leaves a key without open session. */
  emptied(key: Key, now: number): void {
    key.usedAt = now;
    if (!key.queued) this.#empty.add(key);
  }

  /** Forgets what can matter no more. To be called each second; costs O(forgotten + hosts). */
  forget(now: number): void {
    for (const key of this.#empty.take(now)) {
      if (key.open !== null) continue;
      if (!this.#empty.hasWaited(key, now)) this.#empty.add(key);
      else if (key.resumable > 0) this.emptied(key, now);
      else if (key.timedOut !== null && !this.#timedOut.hasWaited(key, now)) this.#timedOut.add(key);
      else this.#drop(key);
    }
    for (const key of this.#timedOut.take(now)) {
      if (key.open !== null) continue;
      if (!this.#timedOut.hasWaited(key, now)) this.#empty.add(key);
      else this.#drop(key);
    }
    for (const host of this.hosts.values()) if (this.#isOver(host, now)) this.hosts.delete(host.name);
  }

  #isOver({ keys, losses, standing, keysIgnored, keysMatched }: Host, now: number): boolean {
    if (keys.size > 0 || losses.length > 0) return false;
    const isLearnt = keysIgnored || keysMatched;
    const forgetAfterMs = isLearnt ? FORGET_LEARNT_AFTER_MS : this.#forgetHostsAfterMs;
    return Math.abs(now - standing.usedAt) >= forgetAfterMs;
  }

  /** Forgets a host on which nothing is open, with all that was remembered of it. */
  forgetHost(host: Host): void {
    for (const key of [...host.keys.values()]) this.#drop(key);
    this.hosts.delete(host.name);
  }

  #drop(key: Key): void {
    const { host, user } = key;
    if (key.queued) for (const queue of [this.#empty, this.#timedOut]) queue.delete(key);
    host.keys.delete(user);
    this.#keyCount -= 1;
    if (user === null) return;
    user.keys -= 1;
    if (user.keys > 0) return;
    this.#away.add(user);
    if (this.#away.size <= MOST_AWAY) return;
    let left = FORGOTTEN_AT_ONCE;
    for (const first of this.#away) {
      if (left-- === 0) break;
      this.#away.delete(first);
      this.#forgetUser(first);
    }
  }

  #forgetUser(user: KnownUser): void {
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
