import type { Host, KnownUser, Session } from '../sessions/session.ts';
import { copied } from '../sessions/string-pool.ts';

/** Names held at once; a new generation begins above. */
const MOST_NAMES = 200_000;
/** What a name takes up in the store, about, and the part of it that one generation may have: it goes as a whole. */
const BYTES_A_NAME = 100;
const PART = 16;

/** Names that the writer has yet to store, with their numbers. */
export interface NewNames {
  readonly strings: [number, string][];
  readonly users: [number, string | null, string][];
  /** Set where a generation of names begins with these: numbers below are not used by later rows. */
  readonly generation: { readonly firstString: number; readonly firstUser: number } | null;
}

/**
 * Numbers for names, so that rows are small. A name keeps its number within one generation; a new
 * generation begins at each start, each day, and when the memory for names is full. Rows never refer to a generation
 * older than the one they were written in, so whole generations can be deleted with the rows.
 */
export class Names {
  readonly #numbers = new Map<string, number>();
  #nextString: number;
  #nextUser: number;
  #generation = 0;
  /** Names that the generation has in the store. */
  #stored = 0;
  #fresh: NewNames;

  /** The first free numbers. */
  constructor(nextString: number, nextUser: number) {
    this.#nextString = nextString;
    this.#nextUser = nextUser;
    this.#fresh = { strings: [], users: [], generation: { firstString: nextString, firstUser: nextUser } };
  }

  /** 0 for null. */
  string(text: string | null): number {
    if (text === null) return 0;
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    const copy = copied(text);
    const number = this.#store(copy);
    this.#numbers.set(copy, number);
    return number;
  }

  /** The key of a session, 0 for null. There are as many as sessions, so each of those remembers the number of its own. */
  sessionKey(text: string | null, session: Session | null): number {
    if (text === null || session?.sessionKey !== text) return this.string(text);
    if (session.journalGeneration !== this.#generation) {
      session.journalGeneration = this.#generation;
      session.journalNumber = this.#store(text);
    }
    return session.journalNumber;
  }

  #store(text: string): number {
    const number = this.#nextString++;
    this.#stored += 1;
    this.#fresh.strings.push([number, text]);
    return number;
  }

  host(host: Host): number {
    if (host.journalGeneration !== this.#generation) {
      host.journalGeneration = this.#generation;
      host.journalNumber = this.string(host.name);
    }
    return host.journalNumber;
  }

  /** 0 for null. */
  user(user: KnownUser | null): number {
    if (user === null) return 0;
    if (user.journalGeneration !== this.#generation) {
      user.journalGeneration = this.#generation;
      user.journalNumber = this.#nextUser++;
      this.#stored += 1;
      this.#fresh.users.push([user.journalNumber, user.directory, user.id]);
    }
    return user.journalNumber;
  }

  /** Names that are remembered. */
  get size(): number {
    return this.#numbers.size;
  }

  /** Whether a new generation should begin in a store that may have so many bytes. */
  isFullFor(maxBytes: number): boolean {
    return this.size >= MOST_NAMES || this.#stored * BYTES_A_NAME * PART >= maxBytes;
  }

  /** Forgets all numbers. Only between two batches. */
  beginGeneration(): void {
    this.#numbers.clear();
    this.#generation += 1;
    this.#stored = 0;
    this.#fresh = {
      strings: [],
      users: [],
      generation: { firstString: this.#nextString, firstUser: this.#nextUser },
    };
  }

  takeNew(): NewNames {
    const taken = this.#fresh;
    this.#fresh = { strings: [], users: [], generation: null };
    return taken;
  }
}
