import type { Snapshot } from '../../../src/contract/snapshot.ts';
import { userName } from '../model/session-model.ts';

/**
 * The section "Snapshots" of `docs/session-tracking.md` in its slowest and most obvious form. Every snapshot and every
 * session stays in an array, every question is a scan, and nothing is remembered that could be asked again.
 */

export interface ModelSession {
  id: number;
  host: string;
  user: string;
  virtualProxy: string | null;
  startedAt: number;
  arrivedAt: number;
  /** Arrival of the last line. */
  lineAt: number;
  connections: number;
  ended: { by: 'stop' | 'snapshot'; at: number; seenAt: number } | null;
  /** Bindings, the latest last. */
  bindings: { virtualProxy: string; id: string; since: number }[];
}

/** An id in the snapshots of one virtual proxy. */
interface Id {
  host: string;
  virtualProxy: string;
  id: string;
}

/** The id of a binding that says that there is none any more. */
const NONE = '';

export class ReconcileModel {
  readonly sessions: ModelSession[] = [];
  readonly #snapshots: Snapshot[] = [];
  /** Per id and snapshot: it waited in that one. */
  #waited: (Id & { at: number })[] = [];
  /** Whenever an id was seen with a session or bound to one. */
  readonly #attended: { id: string; session: ModelSession; at: number }[] = [];
  readonly #stops: { host: string; user: string; at: number }[] = [];
  #nextId = 1;
  readonly #isExcluded: (user: string) => boolean;

  constructor(isExcluded: (user: string) => boolean) {
    this.#isExcluded = isExcluded;
  }

  // What lines do, as far as snapshots care: a Start opens, a Stop ends what the tracker would end.

  start(host: string, user: string, at: number): void {
    this.#create(host, user, null, at, at);
  }

  open(host: string, user: string, at: number): void {
    const session = this.#openOf(host, user).toSorted(byStart).at(-1) ?? this.#reopened(host, user);
    const opened = session ?? this.#create(host, user, null, at, at);
    opened.connections += 1;
    opened.lineAt = Math.max(opened.lineAt, at);
  }

  #reopened(host: string, user: string): ModelSession | undefined {
    const session = this.#endedLast(host, user);
    if (session === undefined) return undefined;
    session.ended = null;
    session.connections = 0;
    return session;
  }

  /** An end by a snapshot is no line's: a line takes it back or corrects it. */
  #endedLast(host: string, user: string): ModelSession | undefined {
    return this.sessions
      .filter((each) => each.host === host && each.user === user && each.ended?.by === 'snapshot')
      .toSorted((a, b) => (a.ended?.at ?? 0) - (b.ended?.at ?? 0) || a.id - b.id)
      .at(-1);
  }

  stop(host: string, user: string, at: number): void {
    this.#stops.push({ host, user, at });
    const open = this.#openOf(host, user).toSorted(byStart);
    const session = open.find(({ connections }) => connections === 0) ?? open[0];
    const ended = session ?? this.#endedLast(host, user);
    if (ended !== undefined) ended.ended = { by: 'stop', at, seenAt: at };
  }

  #create(host: string, user: string, virtualProxy: string | null, startedAt: number, lineAt: number) {
    const session: ModelSession = {
      id: this.#nextId++,
      host,
      user,
      virtualProxy,
      startedAt,
      arrivedAt: startedAt,
      lineAt,
      connections: 0,
      ended: null,
      bindings: [],
    };
    this.sessions.push(session);
    return session;
  }

  #openOf(host: string, user: string): ModelSession[] {
    return this.sessions.filter((each) => each.host === host && each.user === user && each.ended === null);
  }

  // What was asked.

  #ofProxy(host: string, virtualProxy: string): Snapshot[] {
    return this.#snapshots.filter((each) => each.host === host && each.virtualProxy === virtualProxy);
  }

  #lists(snapshot: Snapshot | undefined, id: string, user: string): boolean {
    return snapshot?.sessions.some((each) => each.id === id && userName(each.user) === user) === true;
  }

  #bindingOf(session: ModelSession) {
    const last = session.bindings.at(-1);
    return last?.id === NONE ? undefined : last;
  }

  /** The session that was bound to the id last, unless it was bound to another one since. */
  #boundTo({ host, virtualProxy, id }: Id, user: string): ModelSession | undefined {
    return this.sessions.find((each) => {
      const binding = this.#bindingOf(each);
      const isSame = binding?.id === id && binding.virtualProxy === virtualProxy;
      return isSame && each.host === host && each.user === user;
    });
  }

  #lastSign(session: ModelSession): number {
    const own = this.#attended.filter((each) => each.session === session);
    return Math.max(session.lineAt, ...own.map(({ at }) => at));
  }

  /** The first of the snapshots running, the last one included, that list the id. */
  #firstAt({ host, virtualProxy, id }: Id, user: string): number {
    const running = this.#ofProxy(host, virtualProxy);
    const gap = running.findLastIndex((each) => !this.#lists(each, id, user));
    return running[gap + 1]?.at ?? Number.POSITIVE_INFINITY;
  }

  /** The first of the snapshots running in which the id waited; null where it did not wait in the one before. */
  #waitingSince(key: Id, previousAt: number | null): number | null {
    const own = this.#waited.filter(
      (each) => each.host === key.host && each.virtualProxy === key.virtualProxy && each.id === key.id,
    );
    return previousAt !== null && own.some(({ at }) => at === previousAt) ? this.#runStart(own, key) : null;
  }

  #runStart(own: readonly { at: number }[], { host, virtualProxy }: Id): number | null {
    let first: number | null = null;
    for (const { at } of this.#ofProxy(host, virtualProxy).toReversed().slice(1)) {
      if (!own.some((each) => each.at === at)) break;
      first = at;
    }
    return first;
  }

  /** It was attended last on another virtual proxy or host, still is, and the latest snapshot of that one lists it. */
  #countsElsewhere(key: Id): boolean {
    const session = this.#attended.findLast((each) => each.id === key.id)?.session;
    const binding = session && this.#bindingOf(session);
    if (session === undefined || session.ended !== null || binding?.id !== key.id) return false;
    if (session.host === key.host && binding.virtualProxy === key.virtualProxy) return false;
    return this.#lists(this.#ofProxy(session.host, binding.virtualProxy).at(-1), key.id, session.user);
  }

  snapshot(snapshot: Snapshot, now: number): void {
    const { host, virtualProxy, at, sessions, allVirtualProxies } = snapshot;
    const before = this.#ofProxy(host, virtualProxy).at(-1);
    if (before !== undefined && at <= before.at) return;
    this.#snapshots.push(snapshot);
    const users = new Set([
      ...sessions.map(({ user }) => userName(user)),
      ...this.sessions.filter((each) => each.host === host).map(({ user }) => user),
    ]);
    const all = (allVirtualProxies ?? []).map((name) => this.#ofProxy(host, name).at(-2)?.at ?? null);
    const everywhere =
      allVirtualProxies === null || all.includes(null) ? null : Math.min(...all.map((each) => each ?? 0));
    for (const user of users) this.#compare(snapshot, user, before?.at ?? null, everywhere, now);
  }

  #isHidden(host: string, user: string): boolean {
    const proxies = new Set(
      this.#snapshots.filter((each) => each.host === host).map((each) => each.virtualProxy),
    );
    return [...proxies].some((name) =>
      this.#ofProxy(host, name)
        .slice(-2)
        .some(({ hidden }) => hidden.some((each) => userName(each.user) === user)),
    );
  }

  #compare(
    { host, virtualProxy, at, sessions }: Snapshot,
    user: string,
    previousAt: number | null,
    everywhere: number | null,
    now: number,
  ): void {
    if (this.#isHidden(host, user)) return;
    const listed = sessions
      .filter((each) => userName(each.user) === user)
      .map(({ id }): Id => ({ host, virtualProxy, id }));
    const here = listed.filter((id) => !this.#countsElsewhere(id));
    const open = this.#openOf(host, user);
    const left = open.filter((each) => each.virtualProxy === null || each.virtualProxy === virtualProxy);
    const isListed = (session: ModelSession) => {
      const binding = this.#bindingOf(session);
      return binding?.virtualProxy === virtualProxy && here.some(({ id }) => id === binding.id);
    };
    for (const session of left) {
      const id = this.#bindingOf(session)?.id;
      if (id !== undefined && isListed(session)) this.#attended.push({ id, session, at });
    }

    // Ids without a session.
    let ids = here
      .filter((id) => {
        const bound = this.#boundTo(id, user);
        const isStoppedAfter = bound?.ended?.by === 'stop' && bound.ended.seenAt > at;
        return bound === undefined || (bound.ended !== null && !isStoppedAfter);
      })
      .toSorted((a, b) => this.#firstAt(a, user) - this.#firstAt(b, user) || (a.id < b.id ? -1 : 1));

    // Bind.
    const unbound = left
      .filter((each) => this.#bindingOf(each) === undefined && each.arrivedAt <= at)
      .toSorted(
        (a, b) =>
          Number(a.virtualProxy === null) - Number(b.virtualProxy === null) ||
          Number(a.connections === 0) - Number(b.connections === 0) ||
          this.#lastSign(b) - this.#lastSign(a) ||
          byStart(a, b),
      )
      .slice(0, ids.length)
      .toSorted(byStart);
    for (const session of unbound) this.#bind(session, ids.shift());

    // Bind again.
    const gone = left
      .filter((each) => this.#bindingOf(each) !== undefined && !isListed(each))
      .toSorted((a, b) => this.#lastListing(b) - this.#lastListing(a) || byStart(a, b));
    for (const session of gone) {
      const id = ids[0];
      if (id !== undefined && this.#lastListing(session) >= this.#firstAt(id, user))
        this.#bind(session, ids.shift());
    }

    // Make.
    const isFirst = this.#ofProxy(host, virtualProxy).length === 1;
    const newer = left.filter((each) => each.arrivedAt > at).length;
    const due = ids.filter((id) => isFirst || this.#waitingSince(id, previousAt) !== null);
    const isStopped = this.#stops.some((each) => each.host === host && each.user === user && each.at > at);
    const made = isStopped || this.#isExcluded(user) ? [] : due.slice(0, Math.max(0, due.length - newer));
    for (const id of made) {
      const since = this.#waitingSince(id, previousAt) ?? at;
      this.#bind(this.#create(host, user, virtualProxy, since, since), id);
    }
    ids = ids.filter((id) => !made.includes(id));
    if (!this.#isExcluded(user)) for (const id of ids) this.#waited.push({ ...id, at });

    // End.
    for (const session of left) {
      if (isListed(session)) continue;
      const sign = this.#lastSign(session);
      const evidence = session.virtualProxy === null ? everywhere : previousAt;
      if (sign > at || evidence === null || sign >= evidence) continue;
      session.ended = { by: 'snapshot', at: Math.max(session.startedAt, sign), seenAt: now };
      session.bindings.push({ virtualProxy: '', id: NONE, since: now });
    }
  }

  /** Of the id that it is bound to. */
  #lastListing(session: ModelSession): number {
    const binding = this.#bindingOf(session);
    const all = this.#ofProxy(session.host, binding?.virtualProxy ?? '');
    return Math.max(
      ...all.filter((each) => this.#lists(each, binding?.id ?? '', session.user)).map(({ at }) => at),
    );
  }

  #bind(session: ModelSession, id: Id | undefined): void {
    if (id === undefined) return;
    const since = this.#ofProxy(id.host, id.virtualProxy).at(-1)?.at ?? 0;
    session.bindings.push({ virtualProxy: id.virtualProxy, id: id.id, since });
    session.virtualProxy ??= id.virtualProxy;
    this.#attended.push({ id: id.id, session, at: since });
    for (const other of this.sessions) {
      const binding = this.#bindingOf(other);
      const isSame =
        binding?.id === id.id && binding.virtualProxy === id.virtualProxy && other.host === id.host;
      if (isSame && other !== session) other.bindings.push({ virtualProxy: '', id: NONE, since });
    }
  }
}

function byStart(a: ModelSession, b: ModelSession): number {
  return a.startedAt - b.startedAt || a.id - b.id;
}
