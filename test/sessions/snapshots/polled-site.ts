import type { Kind } from '../../../src/contract/event.ts';
import type { Snapshot } from '../../../src/contract/snapshot.ts';
import type { Session } from '../../../src/sessions/session.ts';
import { Site } from '../../../src/sessions/site.ts';
import { eventAt } from '../../intake/event-under-test.ts';
import { SETTINGS } from '../model/event-arbitrary.ts';
import { userName } from '../model/session-model.ts';

export const T = Date.UTC(2026, 0, 5, 8);

/** `anna` is LAB\anna. */
export function person(id: string) {
  return { directory: 'LAB', id };
}

/** A complete answer; `ids` are written `user/number`. */
export function snapshotOf(at: number, ids: readonly string[], rest: Partial<Snapshot> = {}): Snapshot {
  const seen = (id: string) => ({ id, user: person(id.split('/')[0] ?? '') });
  return {
    host: 'node1',
    virtualProxy: '/',
    at,
    durationMs: 5,
    sessions: ids.map(seen),
    hidden: [],
    allVirtualProxies: ['/'],
    keepsUsers: true,
    ...rest,
  };
}

export interface SessionRecord {
  host: string;
  user: string;
  virtualProxy: string | null;
  startedAt: number;
  ended: { by: string; at: number } | null;
}

/** A site that is told what proxies answer, all that there ever was in view. */
export class PolledSite extends Site {
  readonly all: Session[] = [];
  excluded = new Set<string>();
  #seq = 0;

  constructor() {
    super(SETTINGS);
  }

  override sessionOpened(session: Session): void {
    super.sessionOpened(session);
    this.all.push(session);
  }

  line(kind: Kind, user: string, at: number, host = 'node1', virtualProxy: string | null = null): void {
    this.#seq += 1;
    this.apply(eventAt(kind, at, { host, user: person(user), virtualProxy }), this.#seq);
  }

  /** Takes it whole at `now`. */
  snapshot(snapshot: Snapshot, now = snapshot.at): void {
    const isExcluded = (user: Snapshot['sessions'][number]['user']) => this.excluded.has(userName(user));
    const passes = this.takeSnapshot(snapshot, { isExcluded, now: () => now });
    while (passes.next().done !== true);
  }

  get records(): SessionRecord[] {
    return this.all.map(({ key, virtualProxy, startedAt, endedAt, endReason }) => ({
      host: key.host.name,
      user: userName(key.user),
      virtualProxy,
      startedAt,
      ended: endedAt === null ? null : { by: String(endReason), at: endedAt },
    }));
  }

  /** Open sessions by `host virtualProxy user`. */
  get open(): Record<string, number> {
    return tallyOf(
      this.records
        .filter(({ ended }) => ended === null)
        .map((each) => `${each.host} ${each.virtualProxy} ${each.user}`),
    );
  }
}

export function tallyOf(names: readonly string[]): Record<string, number> {
  const tally: Record<string, number> = {};
  for (const name of names.toSorted()) tally[name] = (tally[name] ?? 0) + 1;
  return tally;
}
