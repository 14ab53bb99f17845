/** Who asks. */
export interface Asker {
  /** All that one client asks shares its turns: a token's, an address's, or the program's own. */
  readonly client: string;
  /** Aborted when nobody waits for the answer any more. */
  readonly gone: AbortSignal;
}

/** A client has more questions waiting than anybody needs. */
export class TooManyQuestions extends Error {}

/** Questions of one client that may wait, short ones and long ones apart: a reverse proxy with many open pages behind it is one, too. */
const MOST_WAITING_OF_CLIENT = 10_000;
/** What a client has used is forgotten after so long. */
const BUDGET_MS = 10_000;

interface Waiting<Question, Answer> {
  readonly question: Question;
  readonly isShort: boolean;
  readonly asker: Asker;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

export interface ReaderTurnsParts<Question, Answer> {
  /** At least two. */
  readonly threads: number;
  ask(thread: number, question: Question): Promise<Answer>;
  /** Nobody waits for what a thread has been asked: it may end that sooner. */
  abandon(thread: number): void;
  /** Milliseconds, never set back. */
  now(): number;
}

/**
 * Who is answered next. Each thread has one question at a time, so what waits can be put into order, or be dropped when its
 * client goes. The first thread takes short questions only: no long one is ever before them. Of all that wait, those of
 * the client that has used least time come first, short ones before long ones, older before newer. A client has one long
 * question under way at most.
 */
export class ReaderTurns<Question, Answer> {
  readonly #parts: ReaderTurnsParts<Question, Answer>;
  /** What each thread does; null where it is free. */
  readonly #running: (Waiting<Question, Answer> | null)[];
  #waiting: Waiting<Question, Answer>[] = [];
  /** Milliseconds of a thread that each client has used since `#usedSince`. */
  readonly #used = new Map<string, number>();
  #usedSince: number;

  constructor(parts: ReaderTurnsParts<Question, Answer>) {
    this.#parts = parts;
    this.#running = Array(parts.threads).fill(null);
    this.#usedSince = parts.now();
  }

  /**
   * Rejects with the reason of `gone` where that comes before the answer, and with `TooManyQuestions`. A question that has begun
   * keeps its thread until that has given it up.
   */
  async ask(question: Question, isShort: boolean, asker: Asker): Promise<Answer> {
    const { client, gone } = asker;
    gone.throwIfAborted();
    const ofClient = this.#waiting.filter((each) => each.asker.client === client && each.isShort === isShort);
    if (ofClient.length >= MOST_WAITING_OF_CLIENT) {
      throw new TooManyQuestions(
        'this client has too many questions waiting; come again when they are answered',
      );
    }
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const waiting = { question, isShort, asker, resolve, reject };
    const leave = () => {
      this.#waiting = this.#waiting.filter((each) => each !== waiting);
      const thread = this.#running.indexOf(waiting);
      if (thread >= 0) this.#parts.abandon(thread);
      reject(gone.reason);
    };
    gone.addEventListener('abort', leave, { once: true });
    this.#waiting.push(waiting);
    this.#fill();
    try {
      return await promise;
    } finally {
      gone.removeEventListener('abort', leave);
    }
  }

  #fill(): void {
    for (const thread of this.#running.keys()) {
      if (this.#running[thread] !== null) continue;
      const next = this.#next(thread === 0);
      if (next !== null) void this.#run(thread, next);
    }
  }

  #next(onlyShort: boolean): Waiting<Question, Answer> | null {
    const now = this.#parts.now();
    if (now - this.#usedSince >= BUDGET_MS) {
      this.#used.clear();
      this.#usedSince = now;
    }
    const used = ({ asker }: Waiting<Question, Answer>) => this.#used.get(asker.client) ?? 0;
    let best: Waiting<Question, Answer> | null = null;
    for (const each of this.#waiting) {
      if (!each.isShort && (onlyShort || this.#hasLong(each.asker.client))) continue;
      const order =
        best === null ? -1 : used(each) - used(best) || Number(best.isShort) - Number(each.isShort);
      if (order < 0) best = each;
    }
    return best;
  }

  #hasLong(client: string): boolean {
    return this.#running.some((each) => each !== null && !each.isShort && each.asker.client === client);
  }

  async #run(thread: number, next: Waiting<Question, Answer>): Promise<void> {
    this.#waiting = this.#waiting.filter((each) => each !== next);
    this.#running[thread] = next;
    const began = this.#parts.now();
    try {
      next.resolve(await this.#parts.ask(thread, next.question));
    } catch (error) {
      next.reject(error);
    }
    const { client } = next.asker;
    this.#used.set(client, (this.#used.get(client) ?? 0) + this.#parts.now() - began);
    this.#running[thread] = null;
    this.#fill();
  }
}
