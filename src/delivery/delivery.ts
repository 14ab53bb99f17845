import { Worker } from 'node:worker_threads';
import type { SinkStats } from '../contract/sink.ts';
import type { Undelivered } from '../journal/write/retention.ts';
import type { DeliveryData, DeliveryQuestion, DeliveryReply } from './delivery-thread.ts';

/** Before a thread that died is started again. */
const RESTART_MS = 1_000;
/** A sink that ignores that it is time must hold up neither the journal nor the end of the program. */
const STOP_WITHIN_MS = 3_000;

export interface DeliveriesEvents {
  /** Writes to standard output; resolves when it is out, and never rejects. */
  print(text: string): Promise<void>;
  /** A sink did not take what it was offered. */
  trouble(sink: string, reason: string, needsOperator: boolean): void;
  /** What retention must leave. */
  undelivered(undelivered: Undelivered): void;
}

/** The typed front of the delivery thread. */
export class Delivery {
  readonly #data: DeliveryData;
  readonly #listener: DeliveriesEvents;
  #worker: Worker | null = null;
  #restart: NodeJS.Timeout | null = null;
  #isStopping = false;
  #sinks: readonly SinkStats[] = [];

  constructor(data: DeliveryData, listener: DeliveriesEvents) {
    this.#data = data;
    this.#listener = listener;
  }

  /** The journal's file must exist. Without sinks there is no thread. */
  start(): void {
    if (this.#data.sinks.length === 0) return;
    const worker = new Worker(new URL('./delivery-thread.ts', import.meta.url), { workerData: this.#data });
    this.#worker = worker;
    worker.on('message', (reply: DeliveryReply) => this.#onReply(worker, reply));
    worker.on('error', (error) => {
      const reason = error instanceof Error ? error.message : String(error);
      this.#listener.trouble('all', `the delivery thread has failed: ${reason}`, false);
      this.#sinks = this.#down(reason);
    });
    worker.on('exit', () => {
      this.#worker = null;
      // Out of memory, say. Where it was is on the disk.
      if (!this.#isStopping) this.#restart = setTimeout(() => this.start(), RESTART_MS);
    });
  }

  /** As they were, but none is up. What was never known counts nothing. */
  #down(lastError: string): readonly SinkStats[] {
    const unknown = { delivered: 0, pending: 0, deadLettered: 0, dropped: {}, lagSeconds: 0, tables: [] };
    return this.#data.sinks.map(({ name, config: { type } }) => {
      const known = this.#sinks.find((sink) => sink.name === name) ?? { ...unknown, name, type };
      return { ...known, up: false, lastError };
    });
  }

  #onReply(worker: Worker, reply: DeliveryReply): void {
    switch (reply.type) {
      case 'state':
        this.#sinks = reply.sinks;
        this.#listener.undelivered(reply.undelivered);
        return;
      case 'trouble':
        this.#listener.trouble(reply.sink, reply.reason, reply.needsOperator);
        return;
      case 'print':
        void this.#print(worker, reply.id, reply.text);
    }
  }

  async #print(worker: Worker, id: number, text: string): Promise<void> {
    await this.#listener.print(text);
    worker.postMessage({ type: 'printed', id } satisfies DeliveryQuestion);
  }

  /** As it was a quarter of a second ago at most. */
  get stats(): readonly SinkStats[] {
    return this.#sinks;
  }

  /** Resolves when nothing is under way any more, or soon. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    if (this.#restart !== null) clearTimeout(this.#restart);
    const worker = this.#worker;
    if (worker === null) return;
    await new Promise<void>((resolve) => {
      const late = setTimeout(() => {
        // Nor is that waited for: the thread may be in a call that does not return.
        void worker.terminate();
        resolve();
      }, STOP_WITHIN_MS);
      worker.once('exit', () => {
        clearTimeout(late);
        resolve();
      });
      worker.postMessage({ type: 'stop' } satisfies DeliveryQuestion);
    });
  }
}
