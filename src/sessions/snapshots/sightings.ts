import type { SeenSession } from '../../contract/snapshot.ts';
import type { Session } from '../session.ts';
import type { PolledProxies } from './polled-proxies.ts';
import { BoundSighting, isSameUser, markOfId, type PolledProxy } from './polled-proxy.ts';
import { isStoppedAfter } from './reconcile.ts';

/** Which SessionId is that of which session. */
export class Sightings {
  readonly #proxies: PolledProxies;
  /** Ids with a session, whichever proxy lists them. */
  readonly #bound = new Map<string, BoundSighting>();

  constructor(proxies: PolledProxies) {
    this.#proxies = proxies;
  }

  /** What is known of an id that the snapshot of `at` lists; null where it stands in it twice. */
  see(seen: SeenSession, proxy: PolledProxy, at: number): BoundSighting | null {
    if (!proxy.sightings.has(seen.id)) this.#recognise(seen.id);
    const known = proxy.sightings.get(seen.id);
    if (known?.lastAt === at) return null;
    if (known !== undefined && isSameUser(known.user, seen.user)) {
      proxy.sight(known, at);
      return known;
    }
    if (known !== undefined) this.release(known);
    const sighting = new BoundSighting(seen, proxy, at);
    proxy.sightings.set(seen.id, sighting);
    return sighting;
  }

  /** The id may be that of a session from before the start, of which only the mark was kept. */
  #recognise(id: string): void {
    const { unnamed } = this.#proxies;
    if (unnamed.size === 0) return;
    const mark = markOfId(id);
    const sighting = unnamed.get(mark);
    if (sighting === undefined) return;
    unnamed.delete(mark);
    if (sighting.session === null || sighting.session.endedAt !== null) return;
    sighting.id = id;
    sighting.proxy.sightings.set(id, sighting);
    this.#bound.set(id, sighting);
  }

  /** Another proxy lists it, and its session is there. An id with a session here that nobody else lists needs no search. */
  countsElsewhere(sighting: BoundSighting): boolean {
    if (sighting.session?.endedAt === null && !sighting.isShared) return false;
    const bound = this.#bound.get(sighting.id);
    if (bound === undefined || bound.proxy === sighting.proxy) return false;
    bound.isShared = true;
    sighting.isShared = true;
    return bound.isAttended;
  }

  /** The session of the id is there. */
  attend(sighting: BoundSighting): void {
    if (sighting.isShared) this.#bound.set(sighting.id, sighting);
  }

  bind(session: Session, sighting: BoundSighting): void {
    if (session.sighting instanceof BoundSighting) this.release(session.sighting);
    this.release(sighting);
    sighting.session = session;
    sighting.waitingSince = null;
    session.sighting = sighting;
    const other = this.#bound.get(sighting.id);
    sighting.isShared ||= other !== undefined;
    if (other !== undefined) other.isShared = true;
    this.#bound.set(sighting.id, sighting);
  }

  /** The id has no session any more. */
  release(sighting: BoundSighting): void {
    if (sighting.session !== null) sighting.session.sighting = null;
    sighting.session = null;
    if (this.#bound.get(sighting.id) === sighting) this.#bound.delete(sighting.id);
  }

  /** The snapshot of `at` is worked off: ids that it does not list and that have no open session are of no more use. */
  forget(proxy: PolledProxy, at: number): void {
    for (const sighting of proxy.sightings.values()) {
      const isListed = sighting.lastAt === at;
      // A Stop that is newer than this snapshot is still to be known at the next one.
      const isStopped = sighting.session !== null && isStoppedAfter(sighting.session, at);
      if (isListed || isStopped || sighting.session?.endedAt === null) continue;
      this.release(sighting);
      proxy.sightings.delete(sighting.id);
    }
    for (const [mark, { session }] of this.#proxies.unnamed) {
      if (session === null || session.endedAt !== null) this.#proxies.unnamed.delete(mark);
    }
  }
}
