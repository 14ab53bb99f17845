import { USER_CLASSES, type UserClass } from '../../contract/user-class.ts';
import type { Json } from '../../journal/read/answers.ts';
import { isWhole, type Part } from '../../journal/read/parts/part.ts';
import type { Asker } from '../../journal/read/reader-turns.ts';
import { AllCounts } from '../centres/all-counts.ts';
import type { ApiParts } from '../parts.ts';
import type { CountsView } from './counts-answer.ts';
import { type CountsAnswer, CurrentCounts, countsTag } from './current-counts.ts';
import { partView } from './part-view.ts';

/** Parts whose answer is kept. */
const MOST_KEPT = 128;
/** A second, less what a timer may be early: a stream that asks each second gets a new answer each time. */
const KEPT_MS = 990;
/** An answer that took long is kept so many times as long: one part alone never has more than a fifth of the reader's time. */
const KEPT_TIMES = 5;
/** It may have waited for what somebody else asked. */
const KEPT_AT_MOST_MS = 5_000;

/** What is made for one is kept for all, so it is made although that one goes. */
const EVERYBODY: Asker = { client: 'counts', gone: new AbortController().signal };

interface Kept {
  readonly answer: Promise<CountsAnswer>;
  /** It is good until then, milliseconds since 1970 UTC; null while it is being made. */
  until: number | null;
  readonly askedAt: number;
}

type CountsParts = Pick<ApiParts, 'ask' | 'site' | 'appNames' | 'now' | 'centres'>;

/**
 * The counts right now: of everything from memory, of parts from the reader. Those of a part are made anew at most once
 * a second, whoever asks, and one after the other: what else is asked of the reader gets its turn in between.
 */
export class CountsNow {
  readonly #parts: CountsParts;
  readonly #whole: ReadonlyMap<UserClass | null, CurrentCounts>;
  /** Null where no stream is shared. */
  readonly #all: AllCounts | null;
  readonly #kept = new Map<string, Kept>();
  #turn: Promise<unknown> = Promise.resolve();

  constructor(parts: CountsParts) {
    this.#parts = parts;
    const { site, appNames, centres } = parts;
    this.#all = centres === null ? null : new AllCounts(centres);
    this.#whole = new Map(
      [null, ...USER_CLASSES].map((only) => [only, new CurrentCounts(site, appNames, only)]),
    );
  }

  /** At once where no part is named. `isOwn`: of our own partitions alone, where others have others. */
  of(part: Part, only: UserClass | null = null, isOwn = false): CountsAnswer | Promise<CountsAnswer> {
    const now = this.#parts.now();
    if (this.#all !== null && !isOwn && only === null && isWhole(part)) return this.#all.at(now);
    const whole = isWhole(part) ? this.#whole.get(only) : undefined;
    if (this.#all !== null && !isOwn) {
      const all = this.#all;
      return this.#keep(`all ${keyOfPart(part, only)}`, now, () => all.ofPart(part, only, null, now));
    }
    if (whole !== undefined) return whole.at(now);
    return this.#keep(keyOfPart(part, only), now, () => this.#make(part, only));
  }

  #keep(key: string, now: number, make: () => Promise<CountsAnswer>): Promise<CountsAnswer> {
    const kept = this.#kept.get(key);
    if (kept !== undefined && isGood(kept, now)) return kept.answer;
    this.#kept.delete(key);
    const made: Kept = { answer: make(), until: null, askedAt: now };
    if (this.#hasRoom(now)) this.#kept.set(key, made);
    made.answer.then(
      () => {
        const took = this.#parts.now() - now;
        made.until = now + Math.min(KEPT_AT_MOST_MS, Math.max(KEPT_MS, KEPT_TIMES * took));
      },
      () => {
        if (this.#kept.get(key) === made) this.#kept.delete(key);
      },
    );
    return made.answer;
  }

  /** One that is good is not given up for another one. */
  #hasRoom(now: number): boolean {
    if (this.#kept.size < MOST_KEPT) return true;
    for (const [key, kept] of this.#kept) if (!isGood(kept, now)) this.#kept.delete(key);
    return this.#kept.size < MOST_KEPT;
  }

  async #make(part: Part, only: UserClass | null): Promise<CountsAnswer> {
    const before = this.#turn;
    const made = before.then(() => partView(this.#parts, part, null, only, this.#parts.now(), EVERYBODY));
    this.#turn = made.catch(() => {});
    return answerOf(await made);
  }
}

/** Different for different parts. */
export function keyOfPart(
  { host, virtualProxy, app, application = null }: Part,
  only: UserClass | null = null,
): string {
  return JSON.stringify([host, virtualProxy, app, application, only]);
}

/** Not where the clock was set back. */
function isGood({ until, askedAt }: Kept, now: number): boolean {
  return until === null || (now < until && now >= askedAt);
}

/** As it is sent, with the tag of everything but `asOf`. */
export function answerOf(view: CountsView): CountsAnswer {
  const { asOf: _, ...rest } = view;
  return { json: JSON.stringify(view) as Json<CountsView>, tag: countsTag(JSON.stringify(rest)) };
}
