import { Worker } from 'node:worker_threads';
import type { FromWorker, ToWorker, WorkerTalk } from './worker-side.ts';

/** A thread that died before it was ready would only die again at once. */
const NOT_READY_RESTART_MS = 1_000;

/** What happens after a thread has died: nothing, a new one at once, or a new one after a pause. */
export type RestartPolicy = 'never' | 'at once' | { readonly afterMs: number };

export interface WorkerFrontOptions<Talk extends WorkerTalk> {
  /** For messages about it, such as `the reader`. */
  readonly name: string;
  /** The thread's file; it must make a `WorkerSide`. */
  readonly file: URL;
  /** What a thread begins with, asked for at each start of one. */
  data(): Talk['data'];
  readonly restart: RestartPolicy;
  /** How long a thread that was asked to stop may take, before it is terminated. */
  readonly stopWithinMs: number;
  /** `reply` reaches the thread that spoke, and nobody once that has ended. */
  heard(message: Talk['fromWorker'], reply: (message: Talk['toWorker']) => void): void;
  /** The thread has ended although nobody asked it to, or failed while it was stopping. */
  died(error: Error): void;
}

/**
 * The front of a worker thread: starts it, talks to it, starts it again when it dies, and stops it.
 *
 * What is told while no thread runs is lost; what is asked then is rejected. Questions that a thread leaves open when it
 * ends are rejected, and never handed to the next one.
 */
export class WorkerFront<Talk extends WorkerTalk> {
  readonly #options: WorkerFrontOptions<Talk>;
  readonly #open = new Map<
    number,
    { resolve: (answer: Talk['answer']) => void; reject: (error: Error) => void }
  >();
  readonly #ready = Promise.withResolvers<void>();
  #worker: Worker | null = null;
  #restart: NodeJS.Timeout | null = null;
  #nextQuestion = 1;
  #stopped: Promise<void> | null = null;

  constructor(options: WorkerFrontOptions<Talk>) {
    this.#options = options;
    // A death is told to `died`, also where nobody waits for this.
    this.#ready.promise.catch(() => {});
  }

  /** Resolves when the first thread is ready; rejects when one dies before. To be called once. */
  start(): Promise<void> {
    this.#run();
    return this.#ready.promise;
  }

  #run(): void {
    const { file, data, name } = this.#options;
    const worker = new Worker(file, { workerData: data() });
    this.#worker = worker;
    let isReady = false;
    let failure: Error | null = null;
    worker.on('message', (message: FromWorker<Talk>) => {
      if (message.type === 'ready') isReady = true;
      this.#onMessage(worker, message);
    });
    worker.on('error', (error) => {
      failure = error instanceof Error ? error : new Error(String(error));
    });
    worker.on('exit', () => {
      this.#worker = null;
      const error = failure ?? new Error(`${name} has stopped`);
      this.#ready.reject(error);
      for (const question of this.#open.values()) question.reject(error);
      this.#open.clear();
      if (failure !== null || this.#stopped === null) this.#options.died(error);
      if (this.#stopped === null) this.#runAgain(isReady);
    });
  }

  #runAgain(wasReady: boolean): void {
    const { restart } = this.#options;
    if (restart === 'never') return;
    if (restart === 'at once' && wasReady) {
      this.#run();
      return;
    }
    const pauseMs = restart === 'at once' ? NOT_READY_RESTART_MS : restart.afterMs;
    this.#restart = setTimeout(() => this.#run(), pauseMs);
  }

  #onMessage(worker: Worker, message: FromWorker<Talk>): void {
    if (message.type === 'ready') this.#ready.resolve();
    else if (message.type === 'told') {
      this.#options.heard(message.message, (reply) => this.#tell(worker, reply));
    } else {
      const question = this.#open.get(message.id);
      this.#open.delete(message.id);
      if ('error' in message) question?.reject(new Error(message.error));
      else question?.resolve(message.answer);
    }
  }

  /** What is in `transfer` belongs to the thread from now on. */
  tell(message: Talk['toWorker'], transfer: readonly ArrayBuffer[] = []): void {
    if (this.#worker !== null) this.#tell(this.#worker, message, transfer);
  }

  #tell(worker: Worker, message: Talk['toWorker'], transfer: readonly ArrayBuffer[] = []): void {
    worker.postMessage({ type: 'told', message } satisfies ToWorker<Talk>, transfer);
  }

  ask(question: Talk['question']): Promise<Talk['answer']> {
    const worker = this.#worker;
    if (worker === null) return Promise.reject(new Error(`${this.#options.name} does not run`));
    const id = this.#nextQuestion++;
    return new Promise((resolve, reject) => {
      this.#open.set(id, { resolve, reject });
      worker.postMessage({ type: 'asked', id, question } satisfies ToWorker<Talk>);
    });
  }

  /**
   * Asks the thread to end, and terminates it when it takes too long. That is not waited for: it may be in a call that
   * does not return. Safe without `start`, while no thread runs, and twice.
   */
  stop(): Promise<void> {
    this.#stopped ??= this.#end((worker, ended) => {
      worker.postMessage({ type: 'stop' } satisfies ToWorker<Talk>);
      const late = setTimeout(() => {
        void worker.terminate();
        ended();
      }, this.#options.stopWithinMs);
      worker.once('exit', () => clearTimeout(late));
    });
    return this.#stopped;
  }

  /** Ends the thread without asking; resolves when it has ended. */
  terminate(): Promise<void> {
    this.#stopped ??= this.#end((worker) => void worker.terminate());
    return this.#stopped;
  }

  #end(how: (worker: Worker, ended: () => void) => void): Promise<void> {
    if (this.#restart !== null) clearTimeout(this.#restart);
    const worker = this.#worker;
    if (worker === null) return Promise.resolve();
    return new Promise((resolve) => {
      worker.once('exit', () => resolve());
      how(worker, resolve);
    });
  }
}
