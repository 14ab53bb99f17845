import type { Downtimes } from './downtimes.ts';

export interface TimeOutSettings {
  /** A session without open connection ends after `timeoutMs + graceMs` without activity. */
  readonly timeoutMs: number;
  readonly graceMs: number;
}

/** The moment, by our clock as `lastSeenAt` is, after which a session without open connection is taken to have timed out, if nothing more comes of it. */
export function timesOutAt(
  lastSeenAt: number,
  { timeoutMs, graceMs }: TimeOutSettings,
  downtimes: Downtimes,
): number {
  return lastSeenAt + timeoutMs + graceMs + downtimes.since(lastSeenAt);
}
