import type { EndReason } from '../../contract/rows.ts';
import type { Downtimes } from '../downtimes.ts';
import type { EdgeSite } from '../edges/edge-site.ts';
import type { EdgeSites } from '../edges/edge-sites.ts';
import type { Session } from '../session.ts';
import { dueAt, type SessionSettings } from '../time-outs.ts';
import { DueSessions } from './due-sessions.ts';

/** When which open session ends for want of a sign of life. Sessions of another site go by the clock of that site. */
export class Deadlines {
  readonly #settings: SessionSettings;
  readonly #downtimes: Downtimes;
  readonly #edgeSites: EdgeSites;
  readonly #own = new DueSessions();
  readonly #ofSites = new Map<EdgeSite, DueSessions>();

  constructor(settings: SessionSettings, downtimes: Downtimes, edgeSites: EdgeSites) {
    this.#settings = settings;
    this.#downtimes = downtimes;
    this.#edgeSites = edgeSites;
  }

  /** The moment after which a sweep ends the session. */
  of(session: Session): number {
    return dueAt(session, this.#settings, session.key.host.edgeSite?.downtimes ?? this.#downtimes);
  }

  /** Why it ends then. */
  reasonOf({ openConnections }: Session): EndReason {
    return openConnections.length > 0 ? 'max_age' : 'timeout';
  }

  file(session: Session): void {
    this.#queueOf(session.key.host.edgeSite).file(session, this.of(session));
  }

  forget(session: Session): void {
    this.#queueOf(session.key.host.edgeSite).forget(session);
  }

  /** Its host turned out to be one of that site. */
  move(session: Session, site: EdgeSite): void {
    this.#own.forget(session);
    this.#queueOf(site).file(session, this.of(session));
  }

  #queueOf(site: EdgeSite | null): DueSessions {
    if (site === null) return this.#own;
    const known = this.#ofSites.get(site);
    if (known !== undefined) return known;
    const queue = new DueSessions();
    this.#ofSites.set(site, queue);
    return queue;
  }

  /** Takes out those that end now, with the reason. To be called each second. */
  take(now: number): Map<Session, EndReason> {
    const ended = new Map<Session, EndReason>();
    this.#take(this.#own, now, ended);
    for (const site of this.#edgeSites.all) {
      site.tick(now, this.#settings.maxAgeMs);
      if (site.now !== null) this.#take(this.#queueOf(site), site.now, ended);
    }
    return ended;
  }

  #take(queue: DueSessions, now: number, ended: Map<Session, EndReason>): void {
    for (const session of queue.take(now)) {
      if (now > this.of(session)) ended.set(session, this.reasonOf(session));
      else queue.file(session, this.of(session));
    }
  }
}
