import type { User, UserEvent } from '../../contract/event.ts';
import { foldName } from '../../contract/fold-name.ts';

/** Users whose Starts are remembered at once: a sample is enough. */
const MOST_USERS = 32;
/** So many Stops more that have the session key of their Start than ones that have not. */
const ENOUGH = 20;
/** A Stop that is lost must not keep its place for ever. */
const FORGET_AFTER_MS = 24 * 3_600_000;

/** What a checkpoint keeps. */
export interface KeyTrialState {
  readonly matches: number;
  readonly starts: readonly (readonly [user: string, sessionKey: string, startedAt: number])[];
}

/**
 * Whether the session keys of a host stay the same after all, which are ignored because they did not: some lines that
 * somebody made up are enough for that. Looks at Starts of a few users and at the Stop of each that comes next.
 */
export class KeyTrial {
  #matches: number;
  readonly #starts: Map<string, { readonly sessionKey: string; readonly startedAt: number }>;

  constructor({ matches, starts }: KeyTrialState = { matches: 0, starts: [] }) {
    this.#matches = matches;
    this.#starts = new Map(starts.map(([user, sessionKey, startedAt]) => [user, { sessionKey, startedAt }]));
  }

  /** True where the keys are to be believed again. */
  note({ kind, user, sessionKey, receivedAt }: UserEvent): boolean {
    if (sessionKey === null || user === null) return false;
    if (kind === 'session_start') this.#began(nameOf(user), sessionKey, receivedAt);
    else if (kind === 'session_stop') this.#ended(nameOf(user), sessionKey);
    return this.#matches >= ENOUGH;
  }

  #began(user: string, sessionKey: string, now: number): void {
    if (this.#starts.has(user)) return;
    if (this.#starts.size >= MOST_USERS) {
      for (const [known, { startedAt }] of this.#starts) {
        if (Math.abs(now - startedAt) >= FORGET_AFTER_MS) this.#starts.delete(known);
      }
    }
    if (this.#starts.size < MOST_USERS) this.#starts.set(user, { sessionKey, startedAt: now });
  }

  #ended(user: string, sessionKey: string): void {
    const start = this.#starts.get(user);
    if (start === undefined) return;
    this.#starts.delete(user);
    this.#matches = start.sessionKey === sessionKey ? this.#matches + 1 : Math.max(0, this.#matches - 1);
  }

  get state(): KeyTrialState {
    const starts = Array.from(this.#starts, ([user, { sessionKey, startedAt }]) => {
      return [user, sessionKey, startedAt] as const;
    });
    return { matches: this.#matches, starts };
  }
}

function nameOf({ directory, id }: User): string {
  return foldName(`${directory ?? ''}\\${id}`);
}
