import type { Downtimes } from './downtimes.ts';

export interface TimeOutSettings {
  /** A session without open connection ends after `timeoutMs + graceMs` without activity. */
  readonly timeoutMs: number;
  readonly graceMs: number;
}

/** The moment after which a session without open connection is taken to have timed out, if nothing more comes of it. */
export function timesOutAt(
  lastActivityAt: number,
  { timeoutMs, graceMs }: TimeOutSettings,
  downtimes: Downtimes,
): number {
  return lastActivityAt + timeoutMs + graceMs + downtimes.since(lastActivityAt);
}
