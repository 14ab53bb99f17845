import type { User } from '../../contract/event.ts';
import type { SeenSession, Snapshot } from '../../contract/snapshot.ts';
import { type Doubt, isDoubtful } from '../doubt/doubt.ts';
import type { Key, KnownUser, Session } from '../session.ts';
import type { SessionBook } from '../session-book.ts';
import type { PolledProxies } from './polled-proxies.ts';
import { BoundSighting, nameOf, type PolledProxy } from './polled-proxy.ts';
import { type Correction, type Evidence, reconcile } from './reconcile.ts';
import { Sightings } from './sightings.ts';

/** Keys and ids that are worked off in one go: a few milliseconds. */
const SLICE = 1_000;

export interface Circumstances {
  /** Of nobody whom the blacklist excludes a session is made. */
  readonly isExcluded: (user: User | null) => boolean;
  /** Our clock. */
  readonly now: () => number;
}

/** What is listed of one user. */
interface Listed {
  readonly user: User | null;
  readonly sightings: BoundSighting[];
}

/** One snapshot on its way. */
interface Pass extends Circumstances {
  readonly proxy: PolledProxy;
  readonly evidence: Evidence;
  /** Names of users whom the receiver's own blacklist hides on the host. */
  readonly hidden: ReadonlySet<string>;
  /** Sessions and ids that do not fit yet. */
  differences: number;
  /** Something changed that the journal has to know. */
  hasChanged: boolean;
}

/** Compares what is tracked with what proxies say, and corrects it; docs/session-tracking.md, "Snapshots". */
export class Snapshots {
  readonly #book: SessionBook;
  readonly #hasRoom: (host: string, user: User | null) => boolean;
  readonly #doubt: Doubt;
  readonly #proxies: PolledProxies;
  readonly #sightings: Sightings;

  constructor(
    book: SessionBook,
    doubt: Doubt,
    proxies: PolledProxies,
    hasRoom: (host: string, user: User | null) => boolean,
  ) {
    this.#doubt = doubt;
    this.#proxies = proxies;
    this.#sightings = new Sightings(proxies);
    this.#book = book;
    this.#hasRoom = hasRoom;
  }

  /**
   * Takes a snapshot in slices, one at each step; between them lines may come. True where something changed: the state
   * must be committed before the next event. Snapshots are taken one after the other.
   */
  *take(snapshot: Snapshot, circumstances: Circumstances): Generator<boolean, void> {
    const proxy = this.#proxies.of(snapshot.host, snapshot.virtualProxy);
    if (proxy.at !== null && snapshot.at <= proxy.at) return;
    const pass = this.#begin(proxy, snapshot, circumstances);
    const listed = yield* this.#group(snapshot.sessions, pass);
    let count = 0;
    for (const key of this.#book.identities.hosts.get(snapshot.host)?.keys.values() ?? []) {
      const own = listed.known.get(key.user);
      if (own === undefined && key.open === null) continue;
      listed.known.delete(key.user);
      count += 1 + (own?.sightings.length ?? 0);
      this.#compare(key, own?.sightings ?? [], key.user, pass);
      if (count >= SLICE) {
        count = 0;
        yield take(pass);
      }
    }
    for (const { user, sightings } of [...listed.known.values(), ...listed.strangers.values()]) {
      count += sightings.length;
      this.#compare(this.#keyOf(snapshot.host, user), sightings, user, pass);
      if (count >= SLICE) {
        count = 0;
        yield take(pass);
      }
    }
    this.#finish(pass, snapshot.allVirtualProxies);
    yield true;
  }

  #keyOf(hostName: string, user: User | null): Key | null {
    const known = user === null ? null : this.#book.identities.find(user);
    return known === undefined ? null : (this.#book.identities.hosts.get(hostName)?.keys.get(known) ?? null);
  }

  #begin(proxy: PolledProxy, snapshot: Snapshot, circumstances: Circumstances): Pass {
    const { at, virtualProxy, hidden, allVirtualProxies } = snapshot;
    proxy.hiddenBefore = proxy.hidden;
    proxy.hidden = new Set(hidden.map(({ user }) => nameOf(user)));
    const proxies = this.#proxies.ofHost(proxy.host);
    const before = (allVirtualProxies ?? []).map((name) => {
      return name === virtualProxy ? proxy.at : (proxies.get(name)?.previousAt ?? null);
    });
    const previousEverywhereAt =
      allVirtualProxies === null
        ? null
        : before.reduce((a, b) => (a === null || b === null ? null : Math.min(a, b)), proxy.at);
    const evidence = { virtualProxy, at, previousAt: proxy.at, previousEverywhereAt, isFirst: proxy.isFirst };
    return {
      ...circumstances,
      proxy,
      evidence,
      hidden: new Set([...proxies.values()].flatMap((each) => [...each.hidden, ...each.hiddenBefore])),
      differences: 0,
      hasChanged: false,
    };
  }

  /** What is listed, by user: those who are known, and strangers by name. */
  *#group(sessions: readonly SeenSession[], pass: Pass) {
    const known = new Map<KnownUser | null, Listed>();
    const strangers = new Map<string, Listed>();
    let count = 0;
    for (const seen of sessions) {
      const sighting = this.#sightings.see(seen, pass.proxy, pass.evidence.at);
      if (sighting === null) continue;
      const user = seen.user === null ? null : this.#book.identities.find(seen.user);
      if (user === undefined) add(strangers, nameOf(seen.user), sighting);
      else add(known, user, sighting);
      count += 1;
      if (count % (5 * SLICE) === 0) yield take(pass);
    }
    return { known, strangers };
  }

  #compare(key: Key | null, sightings: BoundSighting[], user: User | null, pass: Pass): void {
    const isLeftAlone = pass.hidden.size > 0 && pass.hidden.has(nameOf(user));
    const listed = isLeftAlone
      ? []
      : sightings.filter((sighting) => !this.#sightings.countsElsewhere(sighting));
    const isExcluded = listed.some(({ session }) => session?.endedAt !== null) && pass.isExcluded(user);
    // Whether an id waits is asked of snapshots running.
    if (isExcluded || listed.length < sightings.length) {
      for (const sighting of sightings)
        if (isExcluded || !listed.includes(sighting)) sighting.waitingSince = null;
    }
    if (isLeftAlone) return;
    const sessions = key === null || key.open === null ? [] : [...key.open.sessions()];
    const stoppedAt = key?.stoppedAt ?? Number.NEGATIVE_INFINITY;
    const compared = { sessions, listed, stoppedAt, isExcluded, isHidden: key?.isHidden === true };
    for (const correction of reconcile(compared, pass.evidence)) this.#apply(correction, user, pass);
  }

  #apply(correction: Correction<Session, BoundSighting>, user: User | null, pass: Pass): void {
    const { at } = pass.evidence;
    switch (correction.kind) {
      case 'seen':
        this.#sightings.attend(correction.sighting);
        this.#seen(correction.session, pass);
        return;
      case 'bind':
        this.#bind(correction.session, correction.sighting, pass);
        return;
      case 'make':
        this.#make(correction.sighting, correction.startedAt, user, pass);
        return;
      case 'wait':
        pass.differences += 1;
        this.#sightings.release(correction.sighting);
        correction.sighting.waitingSince ??= at;
        return;
      case 'miss':
        this.#missed(correction.session, pass);
        return;
      case 'end':
        this.#end(correction.session, pass);
    }
  }

  /** A sign of life. It is written down only where the snapshot before did not list the session. */
  #seen(session: Session, pass: Pass): void {
    const { at } = pass.evidence;
    if (session.listedAt === null) this.#changed(session, pass);
    if (isDoubtful(session)) {
      this.#doubt.clear(session);
      this.#changed(session, pass);
    }
    session.listedAt = at;
    session.lastSeenAt = Math.max(session.lastSeenAt, at);
  }

  #missed(session: Session, pass: Pass): void {
    pass.differences += 1;
    if (session.listedAt === null) return;
    session.lastActivityAt = session.lastSignAt;
    session.listedAt = null;
    this.#changed(session, pass);
    this.#book.fileDue(session);
  }

  #changed(session: Session, pass: Pass): void {
    pass.hasChanged = true;
    this.#book.pending.changed(session);
  }

  #bind(session: Session, sighting: BoundSighting, pass: Pass): void {
    this.#sightings.bind(session, sighting);
    this.#changed(session, pass);
    this.#book.learnVirtualProxy(session, sighting.proxy.virtualProxy);
    this.#seen(session, pass);
  }

  #make(sighting: BoundSighting, startedAt: number, user: User | null, pass: Pass): void {
    const { host, virtualProxy } = pass.proxy;
    if (!this.#hasRoom(host, user)) {
      pass.differences += 1;
      sighting.waitingSince ??= pass.evidence.at;
      return;
    }
    const { identities } = this.#book;
    const key = identities.key(identities.host(host), user === null ? null : identities.user(user));
    this.#bind(this.#book.createListed(key, startedAt, virtualProxy, pass.now()), sighting, pass);
  }

  #end(session: Session, pass: Pass): void {
    pass.hasChanged = true;
    if (session.sighting instanceof BoundSighting) this.#sightings.release(session.sighting);
    session.lastActivityAt = session.lastSignAt;
    this.#book.end(session, Math.max(session.startedAt, session.lastActivityAt), 'snapshot', pass.now());
  }

  #finish(pass: Pass, allVirtualProxies: readonly string[] | null): void {
    const { proxy, evidence } = pass;
    proxy.previousAt = proxy.at;
    proxy.at = evidence.at;
    proxy.isFirst = false;
    // What differed at the snapshot before, and still did at this one, is corrected now.
    proxy.reconciledAt = pass.differences === 0 ? evidence.at : proxy.previousAt;
    this.#sightings.forget(proxy, evidence.at);
    this.#proxies.note(this.#book.identities.host(proxy.host), allVirtualProxies);
  }
}

function take(pass: Pass): boolean {
  const { hasChanged } = pass;
  pass.hasChanged = false;
  return hasChanged;
}

function add<K>(groups: Map<K, Listed>, key: K, sighting: BoundSighting): void {
  const group = groups.get(key);
  if (group === undefined) groups.set(key, { user: sighting.user, sightings: [sighting] });
  else group.sightings.push(sighting);
}
