import { foldName } from '../../contract/fold-name.ts';
import type { SeenSession } from '../../contract/snapshot.ts';
import type { Session } from '../session.ts';
import type { ProxySighting } from './proxy-sighting.ts';
import type { Sighting } from './reconcile.ts';

/** One SessionId as a virtual proxy lists it, until it does not list it any more and no open session is bound to it. */
export class BoundSighting implements Sighting<Session>, ProxySighting {
  /** Empty while only the mark is known: the session is from before the start, and no snapshot has listed it since. */
  id: string;
  readonly mark: number;
  readonly user: SeenSession['user'];
  readonly proxy: PolledProxy;
  firstAt: number;
  lastAt: number;
  waitingSince: number | null = null;
  session: Session | null = null;
  /** Another proxy lists it, or did. */
  isShared = false;

  constructor({ id, user }: SeenSession, proxy: PolledProxy, at: number, mark = markOfId(id)) {
    this.id = id;
    this.mark = mark;
    this.user = user;
    this.proxy = proxy;
    this.firstAt = at;
    this.lastAt = at;
  }

  /** True where it has an open session, and the latest snapshot lists it. */
  get isAttended(): boolean {
    return this.session !== null && this.session.endedAt === null && this.lastAt === this.proxy.at;
  }
}

/** What the snapshots of one virtual proxy have said so far. */
export class PolledProxy {
  readonly host: string;
  readonly virtualProxy: string;
  /** Of the latest snapshot, and of the one before; null where there was none. */
  at: number | null = null;
  previousAt: number | null = null;
  /** What differed before then has been corrected. */
  reconciledAt: number | null = null;
  /** None came since the program started. */
  isFirst = true;
  readonly sightings = new Map<string, BoundSighting>();
  /** Names of users whom the receiver's own blacklist hides in the latest snapshot, and in the one before. */
  hidden: ReadonlySet<string> = new Set();
  hiddenBefore: ReadonlySet<string> = new Set();

  constructor(host: string, virtualProxy: string) {
    this.host = host;
    this.virtualProxy = virtualProxy;
  }

  /** The sighting of an id that a snapshot lists now; it begins anew where the snapshot before did not list it. */
  sight(known: BoundSighting, at: number): void {
    if (known.lastAt !== this.at) {
      known.firstAt = at;
      known.waitingSince = null;
    }
    known.lastAt = at;
  }
}

/** 53 bits of a SessionId, never 0: enough to know it again, and no way back to it. */
export function markOfId(id: string): number {
  let high = 0;
  let low = 0;
  for (let place = 0; place < id.length; place += 1) {
    const unit = id.charCodeAt(place);
    high = Math.imul(high ^ unit, 0x85eb_ca6b);
    low = Math.imul(low ^ unit, 0xc2b2_ae35);
    high ^= low >>> 15;
    low ^= high >>> 13;
  }
  return (high >>> 11) * 2 ** 32 + (low >>> 0) || 1;
}

export function isSameUser(one: SeenSession['user'], other: SeenSession['user']): boolean {
  if (one === null || other === null) return one === other;
  return isSame(one.id, other.id) && isSame(one.directory ?? '', other.directory ?? '');
}

function isSame(one: string, other: string): boolean {
  return one === other || foldName(one) === foldName(other);
}

/** The same for all spellings of a user. */
export function nameOf(user: SeenSession['user']): string {
  return foldName(`${user?.directory ?? ''}\n${user?.id ?? ''}`);
}
