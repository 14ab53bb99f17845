import { simulateDay } from '../program/simulated-day.ts';

/** An item as it is posted. */
export interface Item {
  readonly type: string;
  readonly user: { readonly directory: string; readonly id: string };
  readonly host: string;
  readonly at: string;
  readonly sessionId?: string;
  readonly appId?: string;
  readonly origin?: string;
}

/** What is true of one session; times are ms since 1970 UTC. */
export interface KnownSession {
  readonly user: string;
  readonly host: string;
  readonly startedAt: number;
  endedAt: number | null;
  lastActivityAt: number;
  openApps: string[];
}

const TIMED_OUT_MS = 35 * 60_000;
const NO_FAULTS = { loss: 0, duplicate: 0, reorder: 0, reorderDelayMs: 0 };

/** A day of a Sense site that ends at `end`, as items and as what is true of it. The directory INTERNAL does not count. */
export class KnownDay {
  readonly end: number;
  readonly items: readonly Item[];
  readonly sessions = new Map<string, KnownSession>();

  constructor(end: number) {
    this.end = end;
    const lines = simulateDay(end, { layout: 'item', startHour: 12, run: `day-${end}`, faults: NO_FAULTS });
    this.items = lines.map((line) => JSON.parse(line) as Item);
    for (const item of this.items) if (item.user.directory !== 'INTERNAL') this.#apply(item);
    for (const session of this.sessions.values()) {
      const isIdle = session.openApps.length === 0 && end - session.lastActivityAt > TIMED_OUT_MS;
      if (session.endedAt === null && isIdle) session.endedAt = session.lastActivityAt;
    }
  }

  #apply({ type, user, host, at: text, sessionId = '', appId = '' }: Item): void {
    const at = Date.parse(text);
    const known = this.sessions.get(sessionId);
    if (type === 'session_start') {
      const session = {
        user: userKey(user),
        host,
        startedAt: at,
        endedAt: null,
        lastActivityAt: at,
        openApps: [],
      };
      this.sessions.set(sessionId, session);
    } else if (known !== undefined && known.endedAt === null) {
      known.lastActivityAt = at;
      if (type === 'session_stop') known.endedAt = at;
      if (type === 'connection_open') known.openApps.push(appId);
      if (type === 'connection_close') known.openApps = without(known.openApps, appId);
    }
  }

  /** The items that count. */
  get counted(): Item[] {
    return this.items.filter(({ user }) => user.directory !== 'INTERNAL');
  }

  /** Who was on at a moment. */
  openAt(at: number): KnownSession[] {
    return [...this.sessions.values()].filter(
      ({ startedAt, endedAt }) => startedAt <= at && (endedAt === null || endedAt > at),
    );
  }

  /** Users with an event from `since` on. */
  usersSince(since: number, host?: string): number {
    const items = this.counted.filter(
      (item) => Date.parse(item.at) >= since && [undefined, item.host].includes(host),
    );
    return new Set(items.map(({ user }) => userKey(user))).size;
  }
}

function without(apps: readonly string[], app: string): string[] {
  const place = apps.indexOf(app);
  return apps.filter((_, at) => at !== place);
}

export function userKey({ directory, id }: Item['user']): string {
  return `${directory}\\${id}`.toLowerCase();
}
