import { type MessagePort, parentPort, workerData } from 'node:worker_threads';

/** What a thread and its front say to each other; all of it can be cloned. */
export interface WorkerTalk {
  /** What the thread begins with. */
  readonly data: unknown;
  readonly toWorker: unknown;
  readonly fromWorker: unknown;
  readonly question: unknown;
  readonly answer: unknown;
}

export type ToWorker<Talk extends WorkerTalk> =
  | { readonly type: 'told'; readonly message: Talk['toWorker'] }
  | { readonly type: 'asked'; readonly id: number; readonly question: Talk['question'] }
  | { readonly type: 'stop' };

export type FromWorker<Talk extends WorkerTalk> =
  | { readonly type: 'ready' }
  | { readonly type: 'told'; readonly message: Talk['fromWorker'] }
  | { readonly type: 'answered'; readonly id: number; readonly answer: Talk['answer'] }
  | { readonly type: 'answered'; readonly id: number; readonly error: string };

export interface WorkerDuties<Talk extends WorkerTalk> {
  heard?(message: Talk['toWorker']): void;
  /** What it throws reaches whoever asked, as a message. */
  answer?(question: Talk['question']): Talk['answer'];
  /** Ends what the thread does, now or soon, and closes the side then. */
  stop(): void;
}

/** The thread's side of a `WorkerFront`. */
export class WorkerSide<Talk extends WorkerTalk> {
  readonly data: Talk['data'];
  readonly #port: MessagePort;

  /** @throws where there is no thread */
  constructor() {
    if (parentPort === null) throw new Error('this file runs in a worker thread');
    this.#port = parentPort;
    this.data = workerData;
  }

  /** Says that the thread is ready, and listens from now on; what was said before is not lost. */
  serve({ heard, answer, stop }: WorkerDuties<Talk>): void {
    this.#port.on('message', (message: ToWorker<Talk>) => {
      if (message.type === 'told') heard?.(message.message);
      else if (message.type === 'stop') stop();
      else if (answer !== undefined) this.#answer(message.id, () => answer(message.question));
    });
    this.#say({ type: 'ready' });
  }

  #answer(id: number, answer: () => Talk['answer']): void {
    let reply: FromWorker<Talk>;
    try {
      reply = { type: 'answered', id, answer: answer() };
    } catch (error) {
      reply = { type: 'answered', id, error: error instanceof Error ? error.message : String(error) };
    }
    this.#say(reply);
  }

  /** What is in `transfer` belongs to the front from now on. */
  tell(message: Talk['fromWorker'], transfer: readonly ArrayBuffer[] = []): void {
    this.#say({ type: 'told', message }, transfer);
  }

  #say(message: FromWorker<Talk>, transfer: readonly ArrayBuffer[] = []): void {
    this.#port.postMessage(message, transfer);
  }

  /** Nothing is heard any more: the thread ends when nothing else is under way. */
  close(): void {
    this.#port.close();
  }
}
