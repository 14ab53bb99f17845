import type { Session } from '../session.ts';

/** More that leave at once make those end that said so first. */
const MOST_LEAVING = 10_000;

/** An end that was said: the time that it names, and our clock when it came. */
export interface SaidEnd {
  readonly at: number;
  readonly receivedAt: number;
}

/** As a checkpoint keeps it; `session` is its number. */
export type LeavingState = SaidEnd & { readonly session: number };

/** Open sessions whose end was said and does not count yet: a page that is loaded again says so too, and is there again at once. */
export class Leaving {
  /** In the order in which they said so. */
  readonly #ends = new Map<Session, SaidEnd>();
  #stored = new Map<number, SaidEnd>();

  get(session: Session): SaidEnd | null {
    return this.#ends.get(session) ?? null;
  }

  /** Answers the one that has to end now because there are too many. */
  add(session: Session, end: SaidEnd): Session | null {
    this.#ends.set(session, end);
    return this.#ends.size > MOST_LEAVING ? (this.#ends.keys().next().value ?? null) : null;
  }

  /** It goes on, or it has ended. */
  delete(session: Session): void {
    this.#ends.delete(session);
  }

  /** Whose end counts at `now`. */
  due(now: number, graceMsOf: (session: Session) => number): Session[] {
    const all = [...this.#ends];
    return all
      .filter(([session, { receivedAt }]) => now - receivedAt >= graceMsOf(session))
      .map(([session]) => session);
  }

  get state(): LeavingState[] {
    return [...this.#ends].map(([{ id }, { at, receivedAt }]) => ({ session: id, at, receivedAt }));
  }

  /** What a checkpoint kept, before the sessions are put back. */
  restore(state: readonly LeavingState[]): void {
    this.#stored = new Map(state.map(({ session, at, receivedAt }) => [session, { at, receivedAt }]));
  }

  /** A session is put back. */
  restored(session: Session): void {
    const end = this.#stored.get(session.id);
    if (end === undefined) return;
    this.#stored.delete(session.id);
    this.#ends.set(session, end);
  }
}
