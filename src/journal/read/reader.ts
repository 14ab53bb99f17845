import { availableParallelism } from 'node:os';
import type { NamesById } from '../../contract/app-names.ts';
import type { BlacklistRule } from '../../contract/blacklist.ts';
import { WorkerFront } from '../../threads/worker-front.ts';
import type { Filters } from './filters.ts';
import type { Followed, Following } from './queries.ts';
import type { AnswerTo, JsonQuestion, Question, ReaderData, ReaderTalk } from './reader-thread.ts';
import { type Asker, ReaderTurns } from './reader-turns.ts';

/** For the read that is under way. */
const STOP_WITHIN_MS = 5_000;
/** One is kept for short questions. More than a few would take the cores from those that receive. */
const FEWEST_THREADS = 2;
const MOST_THREADS = 4;
/** A page of more items is a long question, and so is one for which others are looked at. */
const SHORT_LIMIT = 100;
/** The streams follow the journal together, and are no client's. */
const STREAMS: Asker = { client: 'streams', gone: new AbortController().signal };

/** The typed front of the reader's threads: long reads never hold up the thread that receives, nor each other. */
export class JournalReader {
  readonly #threads: readonly ReaderFront[];
  readonly #turns: ReaderTurns<Question, ReaderTalk['answer']>;
  #data: ReaderData;

  /** `cores`: of the machine. `onDied`: a thread has died, of too little memory say; a new one is started. */
  constructor(data: ReaderData, onDied: (error: Error) => void, cores = availableParallelism()) {
    this.#data = data;
    const count = Math.min(MOST_THREADS, Math.max(FEWEST_THREADS, cores - 1));
    this.#threads = Array.from({ length: count }, () => new ReaderFront(() => this.#data, onDied));
    this.#turns = new ReaderTurns({
      threads: count,
      ask: async (thread, question) => this.#threads[thread]?.ask(question) ?? null,
      abandon: (thread) => this.#threads[thread]?.abandon(),
      now: () => performance.now(),
    });
  }

  /** The journal's file must exist. What is asked before the threads are ready is answered when they are. */
  start(): void {
    for (const thread of this.#threads) thread.start();
  }

  /** All names of apps that there are from now on, also for a thread that is started later. */
  takeAppNames(appNames: NamesById): void {
    this.#data = { ...this.#data, appNames };
    this.#tell({ type: 'app names', byId: appNames });
  }

  #tell(message: ReaderTalk['toWorker']): void {
    for (const thread of this.#threads) thread.tell(message);
  }

  /**
   * The answer as JSON text; null where there is no such thing. Rejects where the client goes before it is there, and where
   * it has too many questions waiting (`TooManyQuestions`).
   */
  async ask<Asked extends JsonQuestion>(question: Asked, asker: Asker): Promise<AnswerTo<Asked>> {
    return (await this.#turns.ask(question, isShort(question), asker)) as AnswerTo<Asked>;
  }

  async follow(question: Following): Promise<Followed> {
    return (await this.#turns.ask({ ask: 'follow', ...question }, true, STREAMS)) as Followed;
  }

  /** What is asked from now on is answered by these rules. */
  replaceBlacklist(blacklist: readonly BlacklistRule[]): void {
    this.#data = { ...this.#data, blacklist };
    this.#tell({ type: 'blacklist', blacklist });
  }

  stop(): Promise<void> {
    return Promise.all(this.#threads.map((thread) => thread.stop())).then(() => {});
  }
}

/** The front of one thread, which has one question at a time. */
class ReaderFront {
  readonly #front: WorkerFront<ReaderTalk>;
  readonly #abandoned = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  /** Of the latest question; the first is 1. */
  #number = 0;

  constructor(data: () => ReaderData, onDied: (error: Error) => void) {
    this.#front = new WorkerFront({
      name: 'the reader',
      file: new URL('./reader-thread.ts', import.meta.url),
      data: () => ({ ...data(), abandoned: this.#abandoned }),
      // Others must not go without answers.
      restart: 'at once',
      stopWithinMs: STOP_WITHIN_MS,
      heard: () => {},
      died: onDied,
    });
  }

  start(): void {
    void this.#front.start();
  }

  ask(question: Question): Promise<ReaderTalk['answer']> {
    this.#number += 1;
    return this.#front.ask({ number: this.#number, question });
  }

  /** Nobody waits for the question that is under way. */
  abandon(): void {
    Atomics.store(this.#abandoned, 0, this.#number);
  }

  tell(message: ReaderTalk['toWorker']): void {
    this.#front.tell(message);
  }

  stop(): Promise<void> {
    return this.#front.stop();
  }
}

/** Whether the question says itself that its answer reads little. */
function isShort(question: JsonQuestion): boolean {
  switch (question.ask) {
    case 'session':
      return true;
    case 'counts':
      return question.at === null;
    case 'events':
      return isShortPage(question.filters) && question.filters.kind === null;
    case 'sessions': {
      const { filters, order = null } = question;
      const { at, search = null, state = null, doubtful = null, application = null } = filters;
      const special = [order, at, search, state, doubtful, application, filters.class ?? null];
      return isShortPage(filters) && special.every((each) => each === null);
    }
    case 'snapshots':
      return question.filters.from === null && question.filters.limit <= SHORT_LIMIT;
    default:
      return false;
  }
}

function isShortPage({ user, host, virtualProxy, app, from, to, limit }: Filters): boolean {
  return [user, host, virtualProxy, app, from, to].every((each) => each === null) && limit <= SHORT_LIMIT;
}
