import type { UserEvent } from '../../contract/event.ts';
import type { Host } from '../session.ts';
import { KeyTrial } from './key-trial.ts';

/** Mismatches in a row, each within a day of the one before, after which a host's session keys are not believed any more. */
const MOST_MISMATCHES = 20;
/** Shorter than what a host is remembered for after its last line. */
const IN_A_ROW_MS = 24 * 3_600_000;

/** A session key came again: they are constant on this host. */
export function matched(host: Host): void {
  host.keyMismatches = 0;
  host.keysMatched = true;
}

/** A session key did not come again, by our clock `now`. True where there were so many that they are ignored from now on. */
export function mismatched(host: Host, now: number): boolean {
  if (now - host.keyMismatchedAt > IN_A_ROW_MS) host.keyMismatches = 0;
  host.keyMismatches += 1;
  host.keyMismatchedAt = now;
  if (host.keyMismatches < MOST_MISMATCHES) return false;
  host.keysIgnored = true;
  host.keyTrial = new KeyTrial();
  return true;
}

/** Looks at a line of a host whose session keys are ignored. True where they are to be believed from the next line on. */
export function isBelievedAgain(host: Host, event: UserEvent): boolean {
  host.keyTrial ??= new KeyTrial();
  if (!host.keyTrial.note(event)) return false;
  host.keysIgnored = false;
  host.keyTrial = null;
  matched(host);
  return true;
}
