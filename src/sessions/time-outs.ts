import type { ClassOf } from '../contract/user-class.ts';
import { prefixOf } from '../contract/virtual-proxy.ts';
import type { Downtimes } from './downtimes.ts';
import type { Session } from './session.ts';

export interface TimeOutSettings {
  /** A session without open connection ends after `timeoutMs + graceMs` without activity. */
  readonly timeoutMs: number;
  readonly graceMs: number;
  /** Where a virtual proxy has a time-out of its own, by its prefix as `prefixOf` has it. */
  readonly timeoutMsOf?: ReadonlyMap<string, number>;
}

/** How long sessions last of which no end is seen. */
export interface SessionSettings extends TimeOutSettings {
  /** A session whose connection never closed ends at this age, counted from the arrival of its first line. */
  readonly maxAgeMs: number;
  /** Not given, nobody is a service user. */
  readonly classOf?: ClassOf;
  /** Of applications, by their host; not given, each has the usual ones. */
  readonly applicationTimesOf?: (host: string) => ApplicationTimes;
  /** Whether what is open on each site that edges forward is counted, which costs memory for each user. */
  readonly countsSites?: boolean;
}

/** How long sessions of an application last. */
export interface ApplicationTimes {
  /** Without a sign of life. */
  readonly timeoutMs: number;
  /** So long after its end a session may go on. */
  readonly resumeMs: number;
  /** So long an end that was said does not count, where no key says whose it is; at most `resumeMs`. Not given, it counts at once. */
  readonly graceMs?: number;
}

/** Clients beat once a minute. */
export const APPLICATION_TIMES: ApplicationTimes = {
  timeoutMs: 300_000,
  resumeMs: 300_000,
  // A page that is loaded again posts its start up to 10 s after the end.
  graceMs: 15_000,
};

/** The moment, by our clock as `lastSeenAt` is, after which a session without open connection is taken to have timed out, if nothing more comes of it. */
export function timesOutAt(
  lastSeenAt: number,
  virtualProxy: string | null,
  settings: TimeOutSettings,
  downtimes: Downtimes,
): number {
  const { graceMs, timeoutMsOf } = settings;
  const own = virtualProxy === null ? undefined : timeoutMsOf?.get(prefixOf(virtualProxy));
  const timeoutMs = own ?? settings.timeoutMs;
  return downtimes.after(lastSeenAt, timeoutMs + graceMs);
}

/** The moment after which a sweep ends a session. */
export function dueAt(session: Session, settings: SessionSettings, downtimes: Downtimes): number {
  const { lastSeenAt, arrivedAt, listedAt } = session;
  if (session.isApplication) {
    const { timeoutMs } = settings.applicationTimesOf?.(session.key.host.name) ?? APPLICATION_TIMES;
    return downtimes.after(lastSeenAt, timeoutMs);
  }
  const idleAt = timesOutAt(lastSeenAt, session.virtualProxy, settings, downtimes);
  if (session.openConnections.length === 0) return idleAt;
  const oldAt = downtimes.after(arrivedAt, settings.maxAgeMs);
  return Math.max(oldAt, listedAt === null ? 0 : idleAt);
}
