import { Worker } from 'node:worker_threads';
import type { Followed, Following } from './queries.ts';
import type { Answer, AnswerTo, JsonQuestion, Question, ReaderData } from './reader-thread.ts';

/** The typed front of the reader's thread: long reads never hold up the thread that receives. */
export class JournalReader {
  readonly #data: ReaderData;
  readonly #waiting = new Map<
    number,
    { resolve: (found: string | null | Followed) => void; reject: (error: Error) => void }
  >();
  #worker: Worker | null = null;
  #next = 1;
  #stopping = false;

  constructor(data: ReaderData) {
    this.#data = data;
  }

  /** The journal's file must exist. */
  start(): void {
    const worker = new Worker(new URL('./reader-thread.ts', import.meta.url), { workerData: this.#data });
    this.#worker = worker;
    worker.on('message', (answer: Answer) => {
      const waiting = this.#waiting.get(answer.id);
      this.#waiting.delete(answer.id);
      if ('error' in answer) waiting?.reject(new Error(answer.error));
      else waiting?.resolve(answer.found);
    });
    worker.on('error', (error) => this.#abandon(error instanceof Error ? error : new Error(String(error))));
    worker.on('exit', () => {
      this.#abandon(new Error('the reader has stopped'));
      // Out of memory, say. Others must not go without answers.
      if (!this.#stopping) this.start();
    });
  }

  /** The answer as JSON text; null where there is no such thing. */
  async ask<Asked extends JsonQuestion>(question: Asked): Promise<AnswerTo<Asked>> {
    return (await this.#ask(question)) as AnswerTo<Asked>;
  }

  async follow(question: Following): Promise<Followed> {
    return (await this.#ask({ ask: 'follow', ...question })) as Followed;
  }

  #ask(question: Question): Promise<string | null | Followed> {
    const worker = this.#worker;
    if (worker === null) return Promise.reject(new Error('the reader does not run'));
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      worker.postMessage({ id, question });
    });
  }

  #abandon(error: Error): void {
    this.#worker = null;
    for (const waiting of this.#waiting.values()) waiting.reject(error);
    this.#waiting.clear();
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    const worker = this.#worker;
    if (worker === null) return;
    const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
    worker.postMessage('close');
    await exited;
  }
}
