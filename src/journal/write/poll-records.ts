import type { User } from '../../contract/event.ts';
import type { KeptPoll, Poll, SeenSession } from '../../contract/snapshot.ts';

/** One poll on its way to the writer: of who was on only what changed since the one before. */
export interface PollRecord extends Poll {
  readonly error: string | null;
  readonly sessions: number | null;
  readonly users: number | null;
  /** How many were on. */
  readonly seen: number;
  readonly appeared: readonly AppearedSession[];
  /** Numbers of those that are there no more. */
  readonly gone: readonly number[];
  readonly unfiltered: readonly SeenSession[] | null;
  /** The same as it came; null where it is not known, or nobody wants it. */
  readonly whole: { readonly server: string; readonly text: string } | null;
}

/** Numbers begin with 1 at each start of the program. */
export interface AppearedSession {
  readonly number: number;
  readonly id: string;
  readonly directory: string | null;
  readonly userId: string | null;
}

/** While commits fail, no more is kept in memory than one poll above so many sessions. */
const MOST_WAITING = 250_000;

interface Seen {
  readonly number: number;
  readonly user: User | null;
  /** The round in which it was seen last. */
  round: number;
}

/** Collects polls until the writer takes them. */
export class PollRecords {
  readonly #seen = new Map<string, Map<string, Seen>>();
  #records: PollRecord[] = [];
  #waiting = 0;
  #numbers = 0;
  #rounds = 0;

  get count(): number {
    return this.#records.length;
  }

  /** Returns false where it is not kept, because so many wait already. */
  add(poll: KeptPoll, wantsUnfiltered: boolean): boolean {
    if (this.#waiting >= MOST_WAITING) return false;
    const { host, virtualProxy, at, durationMs, error, sessions, users } = poll;
    const unfiltered = wantsUnfiltered ? poll.unfiltered : null;
    const whole =
      unfiltered === null || !poll.whole ? null : { server: poll.whole.server, text: poll.whole.text() };
    const changes = error === null ? this.#compare(poll) : NO_CHANGES;
    const numbers = { sessions, users, ...changes };
    this.#records.push({ host, virtualProxy, at, durationMs, error, ...numbers, unfiltered, whole });
    this.#waiting += 1 + changes.appeared.length + changes.gone.length + (unfiltered?.length ?? 0);
    return true;
  }

  #compare({ host, virtualProxy, seen }: KeptPoll): Pick<PollRecord, 'seen' | 'appeared' | 'gone'> {
    const proxy = `${host}\n${virtualProxy}`;
    const before = this.#seen.get(proxy) ?? new Map<string, Seen>();
    this.#seen.set(proxy, before);
    const round = ++this.#rounds;
    const appeared: AppearedSession[] = [];
    const gone: number[] = [];
    let here = 0;
    for (const { id, user } of seen) {
      const known = before.get(id);
      if (known?.round === round) continue;
      here += 1;
      if (known !== undefined && isSame(known.user, user)) {
        known.round = round;
        continue;
      }
      if (known !== undefined) gone.push(known.number);
      const number = ++this.#numbers;
      before.set(id, { number, user, round });
      appeared.push({ number, id, directory: user?.directory ?? null, userId: user?.id ?? null });
    }
    // Everybody who was on still is.
    if (here === before.size) return { seen: here, appeared, gone };
    for (const [id, known] of before) {
      if (known.round === round) continue;
      gone.push(known.number);
      before.delete(id);
    }
    return { seen: before.size, appeared, gone };
  }

  /** The polls so far, after which it is empty again. */
  take(): readonly PollRecord[] {
    const taken = this.#records;
    this.#records = [];
    this.#waiting = 0;
    return taken;
  }
}

const NO_CHANGES = { seen: 0, appeared: [], gone: [] } as const;

function isSame(a: User | null, b: User | null): boolean {
  return a?.id === b?.id && a?.directory === b?.directory;
}
