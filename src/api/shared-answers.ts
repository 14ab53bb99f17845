import type { AnswerTo, Ask, JsonQuestion } from '../journal/read/reader-thread.ts';
import type { Asker } from '../journal/read/reader-turns.ts';

/** Answers kept, and how long one may be, in characters: a graph of a day has less than half a million. */
const MOST_KEPT = 32;
const MOST_TEXT = 500_000;
/** Nobody is given an older one, whatever age they take. */
const OLDEST_MS = 10_000;

const NEVER = new AbortController().signal;

interface Kept {
  readonly answer: Promise<string | null>;
  /** When it was asked for, milliseconds since 1970 UTC: it has at least what was accepted until then. */
  readonly askedAt: number;
}

/** Where a request says how old an answer may be. */
interface Asking {
  readonly headers: { readonly 'cache-control'?: string | undefined };
}

/**
 * Answers of the reader. Whoever says `Cache-Control: max-age=1` may be given what another one was told less than a second ago, or
 * is about to be told: pages that many have open ask the same each second, and each reading commits what came before it.
 * Everyone else is answered with everything that was accepted before.
 */
export class SharedAnswers {
  readonly #ask: Ask;
  readonly #now: () => number;
  /** The one asked for first comes first. */
  readonly #kept = new Map<string, Kept>();

  /** `now`: ms since 1970 UTC. */
  constructor(ask: Ask, now: () => number) {
    this.#ask = ask;
    this.#now = now;
  }

  to<Asked extends JsonQuestion>(
    question: Asked,
    { headers }: Asking,
    asker: Asker,
  ): Promise<AnswerTo<Asked>> {
    const maxAgeMs = maxAgeOf(headers['cache-control']);
    if (maxAgeMs === 0) return this.#ask(question, asker);
    // Equal but for the moment at which it is asked.
    const key = JSON.stringify({ ...question, now: null });
    const now = this.#now();
    const kept = this.#kept.get(key);
    // An answer of later is there where the clock was set back.
    if (kept !== undefined && kept.askedAt <= now && now - kept.askedAt < maxAgeMs) {
      return kept.answer as Promise<AnswerTo<Asked>>;
    }
    // Others wait for it, too, so it is read even if whoever asked first has gone.
    const answer = this.#ask(question, { ...asker, gone: NEVER });
    this.#keep(key, { answer, askedAt: now });
    return answer;
  }

  #keep(key: string, kept: Kept): void {
    this.#kept.delete(key);
    for (const [other, { askedAt }] of this.#kept) {
      if (this.#kept.size >= MOST_KEPT || Math.abs(kept.askedAt - askedAt) >= OLDEST_MS)
        this.#kept.delete(other);
    }
    this.#kept.set(key, kept);
    const forget = (): void => {
      if (this.#kept.get(key) === kept) this.#kept.delete(key);
    };
    kept.answer.then((text) => {
      if (text !== null && text.length > MOST_TEXT) forget();
    }, forget);
  }
}

/** Milliseconds; 0 where nothing is said of it (https://www.rfc-editor.org/rfc/rfc9111#section-5.2.1.1). */
function maxAgeOf(cacheControl = ''): number {
  const said = /(?:^|,)\s*max-age=(\d{1,9})\s*(?:,|$)/i.exec(cacheControl)?.[1];
  const isRefused = /(?:^|,)\s*no-(?:cache|store)\s*(?:,|$)/i.test(cacheControl);
  return isRefused ? 0 : Math.min(OLDEST_MS, Number(said ?? 0) * 1_000);
}
