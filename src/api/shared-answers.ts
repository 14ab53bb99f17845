import type { AnswerTo, JsonQuestion } from '../journal/read/reader-thread.ts';
import type { Asker } from '../journal/read/reader-turns.ts';
import type { ApiParts } from './parts.ts';

/** Answers kept, and how long one may be, in characters: a graph of a day has less than half a million. */
const MOST_KEPT = 32;
const MOST_TEXT = 500_000;
/** Nobody is given an older one, whatever age they take. */
const OLDEST_MS = 10_000;

const NEVER = new AbortController().signal;

interface Kept {
  readonly answer: Promise<string | null>;
  /** Milliseconds since 1970 UTC: it has at least what was accepted until then. */
  readonly asOf: number;
}

/** Where a request says how old an answer may be. */
interface Asking {
  readonly headers: { readonly 'cache-control'?: string | undefined };
}

/**
 * Answers of the reader. To commit the state before each of them costs more than the reading. So whoever says
 * `Cache-Control: max-age=1` is told what was on the disk at some moment of the last second, and what another one was told of it: pages
 * that many have open ask the same each second. Everyone else is answered with everything that was accepted before.
 */
export class SharedAnswers {
  readonly #parts: Pick<ApiParts, 'ask' | 'history' | 'now'>;
  /** The one asked for first comes first. */
  readonly #kept = new Map<string, Kept>();

  constructor(parts: Pick<ApiParts, 'ask' | 'history' | 'now'>) {
    this.#parts = parts;
  }

  to<Asked extends JsonQuestion>(
    question: Asked,
    { headers }: Asking,
    asker: Asker,
  ): Promise<AnswerTo<Asked>> {
    const { ask, history, now: clock } = this.#parts;
    const maxAgeMs = maxAgeOf(headers['cache-control']);
    if (maxAgeMs === 0) return ask(question, asker);
    // Equal but for the moment at which it is asked.
    const key = JSON.stringify({ ...question, now: null });
    const now = clock();
    // What is of later is there where the clock was set back.
    const isNewEnough = (asOf: number): boolean => asOf <= now && now - asOf < maxAgeMs;
    const kept = this.#kept.get(key);
    if (kept !== undefined && isNewEnough(kept.asOf)) return kept.answer as Promise<AnswerTo<Asked>>;
    // Others wait for it, too, so it is read even if whoever asked first has gone.
    const all = { ...asker, gone: NEVER };
    const stateAt = history.stateAt();
    const [asOf, answer] = isNewEnough(stateAt)
      ? [stateAt, history.ask(question, all)]
      : [now, ask(question, all)];
    this.#keep(key, { answer, asOf });
    return answer;
  }

  #keep(key: string, kept: Kept): void {
    this.#kept.delete(key);
    for (const [other, { asOf }] of this.#kept) {
      if (this.#kept.size >= MOST_KEPT || Math.abs(kept.asOf - asOf) >= OLDEST_MS) this.#kept.delete(other);
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
