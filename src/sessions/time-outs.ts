import type { ClassOf } from '../contract/user-class.ts';
import { prefixOf } from '../contract/virtual-proxy.ts';
import type { Downtimes } from './downtimes.ts';

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
}

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
  return lastSeenAt + timeoutMs + graceMs + downtimes.since(lastSeenAt);
}
