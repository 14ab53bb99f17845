import type { UserEvent } from '../contract/event.ts';
import { copied } from '../sessions/string-pool.ts';

const WINDOW_MS = 3_600_000;
/** Of one session in one window; what went wrong must still be told by one that has told too much. */
const MOST_NOTES = 1_000;
const MOST_ERRORS = 100;
/** Sessions that are told apart; a flood of made-up ones begins anew. */
const MOST_SESSIONS = 100_000;

/** How many notes there may be of a session in an hour: a program that logs in a loop must not fill the journal. */
export class NoteRoom {
  #from = 0;
  readonly #counts = new Map<string, { notes: number; errors: number }>();

  /** False where it is one too many. */
  take({ host, sessionKey, user, receivedAt, note }: UserEvent): boolean {
    if (Math.abs(receivedAt - this.#from) >= WINDOW_MS || this.#counts.size >= MOST_SESSIONS) {
      this.#from = receivedAt;
      this.#counts.clear();
    }
    const name = `${host}\n${sessionKey ?? `${user?.directory ?? ''}\\${user?.id ?? ''}`}`;
    let counts = this.#counts.get(name);
    if (counts === undefined) {
      counts = { notes: 0, errors: 0 };
      this.#counts.set(copied(name), counts);
    }
    if (counts.notes < MOST_NOTES) {
      counts.notes += 1;
      return true;
    }
    if (note?.type !== 'error' || counts.errors >= MOST_ERRORS) return false;
    counts.errors += 1;
    return true;
  }
}
