import { Worker } from 'node:worker_threads';
import type { SinkStats } from './core/sink-stats.ts';
import type { DeliveryData, DeliveryQuestion, DeliveryReply } from './delivery-thread.ts';
import type { Undelivered } from './journal/retention.ts';

/** Before a thread that died is started again. */
const RESTART_MS = 1_000;

export interface DeliveriesEvents {
  /** Writes to standard output. */
  print(text: string): void;
  /** A sink did not take what it was offered. */
  trouble(sink: string, reason: string, needsOperator: boolean): void;
  /** What retention must leave. */
  undelivered(undelivered: Undelivered): void;
}

/** The typed front of the delivery thread. */
export class Deliveries {
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
    });
    worker.on('exit', () => {
      this.#worker = null;
      // Out of memory, say. Where it was is on the disk.
      if (!this.#isStopping) this.#restart = setTimeout(() => this.start(), RESTART_MS);
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
        this.#listener.print(reply.text);
        worker.postMessage({ type: 'printed', id: reply.id } satisfies DeliveryQuestion);
    }
  }

  /** As it was a quarter of a second ago at most. */
  get stats(): readonly SinkStats[] {
    return this.#sinks;
  }

  /** Resolves when nothing is under way any more. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    if (this.#restart !== null) clearTimeout(this.#restart);
    const worker = this.#worker;
    if (worker === null) return;
    const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
    worker.postMessage({ type: 'stop' } satisfies DeliveryQuestion);
    await exited;
  }
}
