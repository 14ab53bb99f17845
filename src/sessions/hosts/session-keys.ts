import type { UserEvent } from '../../contract/event.ts';
import type { Host } from '../session.ts';
import { KeyTrial } from './key-trial.ts';

/** Mismatches in a row after which a host's session keys are not believed any more. */
const MOST_MISMATCHES = 20;

/** A session key came again: they are constant on this host. */
export function matched(host: Host): void {
  host.keyMismatches = 0;
  host.keysMatched = true;
}

/** A session key did not come again. True where there were so many that they are ignored from now on. */
export function mismatched(host: Host): boolean {
  host.keyMismatches += 1;
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
