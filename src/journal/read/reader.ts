import type { NamesById } from '../../contract/app-names.ts';
import type { BlacklistRule } from '../../contract/blacklist.ts';
import { WorkerFront } from '../../threads/worker-front.ts';
import type { Followed, Following } from './queries.ts';
import type { AnswerTo, JsonQuestion, ReaderData, ReaderTalk } from './reader-thread.ts';

/** For the read that is under way. */
const STOP_WITHIN_MS = 5_000;

/** The typed front of the reader's thread: long reads never hold up the thread that receives. */
export class JournalReader {
  readonly #thread: WorkerFront<ReaderTalk>;
  #data: ReaderData;

  /** `onDied`: the thread has died, of too little memory say; a new one is started. */
  constructor(data: ReaderData, onDied: (error: Error) => void) {
    this.#data = data;
    this.#thread = new WorkerFront({
      name: 'the reader',
      file: new URL('./reader-thread.ts', import.meta.url),
      data: () => this.#data,
      // Others must not go without answers.
      restart: 'at once',
      stopWithinMs: STOP_WITHIN_MS,
      heard: () => {},
      died: onDied,
    });
  }

  /** The journal's file must exist. What is asked before the thread is ready is answered when it is. */
  start(): void {
    void this.#thread.start();
  }

  /** All names of apps that there are from now on, also for a thread that is started later. */
  takeAppNames(appNames: NamesById): void {
    this.#data = { ...this.#data, appNames };
    this.#thread.tell({ type: 'app names', byId: appNames });
  }

  /** The answer as JSON text; null where there is no such thing. */
  async ask<Asked extends JsonQuestion>(question: Asked): Promise<AnswerTo<Asked>> {
    return (await this.#thread.ask(question)) as AnswerTo<Asked>;
  }

  async follow(question: Following): Promise<Followed> {
    return (await this.#thread.ask({ ask: 'follow', ...question })) as Followed;
  }

  /** What is asked from now on is answered by these rules. */
  replaceBlacklist(blacklist: readonly BlacklistRule[]): void {
    this.#data = { ...this.#data, blacklist };
    this.#thread.tell({ type: 'blacklist', blacklist });
  }

  stop(): Promise<void> {
    return this.#thread.stop();
  }
}
