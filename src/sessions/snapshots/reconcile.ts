import { agrees } from '../../contract/virtual-proxy.ts';
import { byStart } from '../open/orders.ts';
import type { Session } from '../session.ts';

/** What there is to know of an open session, or of one that an id is bound to. */
export type TrackedSession = Pick<
  Session,
  'id' | 'virtualProxy' | 'startedAt' | 'arrivedAt' | 'lastSeenAt' | 'endedAt' | 'endedSeenAt' | 'endReason'
> & {
  readonly openConnections: { readonly length: number };
  /** The id by which a snapshot listed it; null where none did. */
  readonly sighting: Pick<Sighting, 'lastAt'> | null;
};

/** One SessionId, as snapshots of one virtual proxy list it. */
export interface Sighting<S = unknown> {
  readonly id: string;
  /** The first of those snapshots, without one in between that does not list it. */
  readonly firstAt: number;
  /** The latest that lists it. */
  readonly lastAt: number;
  /** The first snapshot since which no open session was bound to it; null where one is. */
  readonly waitingSince: number | null;
  readonly session: S | null;
}

/** What is known of one key: its open sessions, and the ids that a snapshot lists of its user. */
export interface Compared<S, L> {
  readonly sessions: readonly S[];
  readonly listed: readonly L[];
  /** When the last Stop of the key arrived. */
  readonly stoppedAt: number;
  readonly isExcluded: boolean;
  /** Lines of its user are left out, as the rules of now exclude the user. */
  readonly isHidden: boolean;
}

/** The snapshot, and those before it. Moments of questions. */
export interface Evidence {
  readonly virtualProxy: string;
  readonly at: number;
  /** Of the snapshot before; null where there is none. */
  readonly previousAt: number | null;
  /** Of the earliest of the snapshots before, over all virtual proxies of the host; null where not all are known. */
  readonly previousEverywhereAt: number | null;
  /** No snapshot of this virtual proxy came since the program started. */
  readonly isFirst: boolean;
}

/** What a snapshot says of a session or an id. `wait` and `miss` change no count: the next snapshot decides. */
export type Correction<S, L> =
  | { readonly kind: 'seen' | 'bind'; readonly session: S; readonly sighting: L }
  | { readonly kind: 'make'; readonly sighting: L; readonly startedAt: number }
  | { readonly kind: 'wait'; readonly sighting: L }
  | { readonly kind: 'miss' | 'end'; readonly session: S };

/**
 * Compares one key with a snapshot by the rules of docs/session-tracking.md, "Snapshots". Changes nothing. Keys are
 * independent of each other, so a host can be worked off in slices.
 */
export function reconcile<S extends TrackedSession, L extends Sighting<S>>(
  { sessions, listed, stoppedAt, isExcluded, isHidden }: Compared<S, L>,
  evidence: Evidence,
): Correction<S, L>[] {
  const { at, virtualProxy } = evidence;
  const corrections: Correction<S, L>[] = [];
  const attended = new Set<S>();
  let ids: L[] = [];
  for (const sighting of listed) {
    const { session } = sighting;
    if (session !== null && session.endedAt === null) {
      attended.add(session);
      corrections.push({ kind: 'seen', session, sighting });
    } else if (session === null || !isStoppedAfter(session, at)) ids.push(sighting);
  }
  if (isHidden || (attended.size === sessions.length && ids.length === 0)) return corrections;

  const concerned = sessions.filter((each) => !attended.has(each) && agrees(each.virtualProxy, virtualProxy));
  const early = concerned.filter(({ arrivedAt }) => arrivedAt <= at);
  ids.sort(byFirstListing);
  const taken = firstClaims(early, ids.length);
  const again = listedBeside(early, ids.slice(taken.length));
  for (const [place, session] of [...taken, ...again].entries()) {
    const sighting = ids[place];
    if (sighting !== undefined) corrections.push({ kind: 'bind', session, sighting });
    attended.add(session);
  }
  ids = ids.slice(taken.length + again.length);

  if (!isExcluded) {
    const isDue = ({ waitingSince }: L) => isOlder(waitingSince, evidence.previousAt) || evidence.isFirst;
    let mayMake = stoppedAt > at ? 0 : ids.filter(isDue).length - (concerned.length - early.length);
    for (const sighting of ids) {
      if (mayMake > 0 && isDue(sighting)) {
        mayMake -= 1;
        corrections.push({ kind: 'make', sighting, startedAt: sighting.waitingSince ?? at });
      } else corrections.push({ kind: 'wait', sighting });
    }
  }
  for (const session of concerned) {
    if (attended.has(session) || session.lastSeenAt > at) continue;
    const { previousAt, previousEverywhereAt } = evidence;
    const before = session.virtualProxy === null ? previousEverywhereAt : previousAt;
    const isGone = before !== null && session.lastSeenAt < before;
    corrections.push({ kind: isGone ? 'end' : 'miss', session });
  }
  return corrections;
}

/** A Stop ended it that arrived after a snapshot was asked for. */
export function isStoppedAfter(
  { endReason, endedSeenAt }: Pick<TrackedSession, 'endReason' | 'endedSeenAt'>,
  at: number,
): boolean {
  return endReason === 'stop' && endedSeenAt !== null && endedSeenAt > at;
}

function isOlder(waitingSince: number | null, previousAt: number | null): boolean {
  return waitingSince !== null && previousAt !== null && waitingSince <= previousAt;
}

function byFirstListing(a: Sighting, b: Sighting): number {
  return a.firstAt - b.firstAt || (a.id < b.id ? -1 : 1);
}

/** So many of the unbound sessions as there are ids, the oldest first; those without a claim may be there no more. */
function firstClaims<S extends TrackedSession>(sessions: readonly S[], count: number): S[] {
  const unbound = sessions.filter(({ sighting }) => sighting === null);
  if (unbound.length > count) unbound.sort(byClaim);
  return unbound.slice(0, count).sort(byStart);
}

function byClaim(a: TrackedSession, b: TrackedSession): number {
  const known = Number(b.virtualProxy !== null) - Number(a.virtualProxy !== null);
  const connected = Number(b.openConnections.length > 0) - Number(a.openConnections.length > 0);
  return known || connected || b.lastSeenAt - a.lastSeenAt || byStart(a, b);
}

/**
 * Sessions whose own id is gone, each for one of the ids, in their order. Both ids were listed at once, so that one
 * does not follow the other: of the two sessions the wrong one was ended.
 */
function listedBeside<S extends TrackedSession>(sessions: readonly S[], ids: readonly Sighting[]): S[] {
  if (ids.length === 0) return [];
  const lastListing = ({ sighting }: S) => sighting?.lastAt ?? 0;
  const gone = sessions.filter(({ sighting }) => sighting !== null);
  gone.sort((a, b) => lastListing(b) - lastListing(a) || byStart(a, b));
  return gone.filter((session, place) => {
    const id = ids[place];
    return id !== undefined && lastListing(session) >= id.firstAt;
  });
}
