import type { NamesById } from '../contract/app-names.ts';
import type { BlacklistRule } from '../contract/blacklist.ts';
import type { SinkStats } from '../contract/sink.ts';
import type { EdgeReport } from '../contract/sites/forwarding.ts';
import type { Undelivered } from '../journal/write/retention.ts';
import { WorkerFront } from '../threads/worker-front.ts';
import type { DeliveryData, DeliveryReply, DeliveryTalk } from './delivery-thread.ts';

/** Before a thread that died is started again. */
const RESTART_MS = 1_000;
/** A sink that ignores that it is time must hold up neither the journal nor the end of the program. */
const STOP_WITHIN_MS = 3_000;
const REPORT_EVERY_MS = 2_000;

export interface DeliveriesEvents {
  /** Writes to standard output; resolves when it is out, and never rejects. */
  print(text: string): Promise<void>;
  /** A sink did not take what it was offered. */
  trouble(sink: string, reason: string, needsOperator: boolean): void;
  /** A sink can never take a row; the others are delivered. */
  setAside(sink: string, sample: string): void;
  /** It connected, it takes rows again, a table was made again (`isLoss`). */
  news(sink: string, text: string, isLoss: boolean): void;
  /** What this Headcount says of itself at the moment. */
  report(): EdgeReport;
  /** What retention must leave. */
  undelivered(undelivered: Undelivered): void;
}

/** The typed front of the delivery thread. */
export class Delivery {
  #data: DeliveryData;
  readonly #listener: DeliveriesEvents;
  readonly #thread: WorkerFront<DeliveryTalk>;
  #sinks: readonly SinkStats[] = [];
  #reporting: NodeJS.Timeout | null = null;

  constructor(data: DeliveryData, listener: DeliveriesEvents) {
    this.#data = data;
    this.#listener = listener;
    this.#thread = new WorkerFront({
      name: 'the delivery thread',
      file: new URL('./delivery-thread.ts', import.meta.url),
      data: () => this.#data,
      // Where it was is on the disk.
      restart: { afterMs: RESTART_MS },
      stopWithinMs: STOP_WITHIN_MS,
      heard: (told, reply) => this.#onReply(told, reply),
      died: ({ message }) => {
        listener.trouble('all', `the delivery thread has failed: ${message}`, false);
        this.#sinks = this.#down(message);
      },
    });
  }

  /** The journal's file must exist. Without sinks there is no thread. */
  start(): void {
    if (this.#data.sinks.length > 0) void this.#thread.start();
  }

  /** As they were, but none is up. What was never known counts nothing. */
  #down(lastError: string): readonly SinkStats[] {
    const unknown = { delivered: 0, pending: 0, deadLettered: 0, dropped: {}, lagSeconds: 0, tables: [] };
    return this.#data.sinks.map(({ name, config: { type } }) => {
      const known = this.#sinks.find((sink) => sink.name === name) ?? { ...unknown, name, type };
      return { ...known, up: false, lastError };
    });
  }

  #onReply(told: DeliveryReply, reply: (printed: DeliveryTalk['toWorker']) => void): void {
    switch (told.type) {
      case 'state':
        this.#sinks = told.sinks;
        this.#listener.undelivered(told.undelivered);
        return;
      case 'trouble':
        this.#listener.trouble(told.sink, told.reason, told.needsOperator);
        return;
      case 'set aside':
        this.#listener.setAside(told.sink, told.sample);
        return;
      case 'news':
        this.#listener.news(told.sink, told.text, told.isLoss);
        return;
      case 'wants reports':
        this.#reporting ??= setInterval(() => this.#report(), REPORT_EVERY_MS);
        this.#report();
        return;
      case 'print':
        void this.#listener.print(told.text).then(() => reply({ type: 'printed', id: told.id }));
    }
  }

  #report(): void {
    this.#thread.tell({ type: 'report', report: this.#listener.report() });
  }

  /** From now on rows are offered by these rules; what a sink has taken stays there. */
  replaceBlacklist(blacklist: readonly BlacklistRule[]): void {
    this.#data = { ...this.#data, blacklist };
    this.#thread.tell({ type: 'blacklist', blacklist });
  }

  /** As it was a quarter of a second ago at most. */
  get stats(): readonly SinkStats[] {
    return this.#sinks;
  }

  /** All names of apps that there are from now on, also for a thread that is started later. */
  takeAppNames(appNames: NamesById): void {
    this.#data = { ...this.#data, appNames };
    this.#thread.tell({ type: 'app names', byId: appNames });
  }

  /** Resolves when nothing is under way any more, or soon. */
  stop(): Promise<void> {
    if (this.#reporting !== null) clearInterval(this.#reporting);
    return this.#thread.stop();
  }
}
