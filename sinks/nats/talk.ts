import type { NatsConnection } from '@nats-io/transport-node';
import type { SinkParts } from '../../src/contract/sink.ts';
import { aliveSubjectOf, encodeAlive } from '../../src/nats/alive.ts';
import { type Ask, askSubjectOf, decodeAsk } from '../../src/nats/message.ts';
import { decodeTaken, takenSubjectOf } from '../../src/nats/taken.ts';
import { Progress } from './progress.ts';
import { Watermark } from './watermark.ts';

/** The centre knows by it that an edge is there, and how far. */
const ALIVE_EVERY_MS = 2_000;
const TABLE = 'accepted_events';

/** What an edge and the central Headcounts say to each other besides events. What is lost of it is said again. */
export class Talk {
  readonly #stream: string;
  readonly #parts: SinkParts;
  readonly #onAsk: (ask: Ask) => void;
  readonly #progress = new Progress();
  readonly #watermark = new Watermark();
  /** By partition, the number of the last event that was sent, whether the stream still has it or not. */
  readonly #sent: number[] = [];

  /** `onAsk`: somebody lacks events. */
  constructor(stream: string, parts: SinkParts, onAsk: (ask: Ask) => void) {
    this.#stream = stream;
    this.#parts = parts;
    this.#onAsk = onAsk;
  }

  /** Until the connection is closed; it takes messages of so many bytes. */
  begin(connection: NatsConnection, mostBytes: number): void {
    const { storeId, now } = this.#parts;
    connection.subscribe(askSubjectOf(this.#stream, storeId), {
      callback: (error, message) => {
        const ask = error === null ? decodeAsk(message.string()) : null;
        if (ask !== null) this.#onAsk(ask);
      },
    });
    connection.subscribe(takenSubjectOf(this.#stream, storeId), {
      callback: (error, message) => {
        const taken = error === null ? decodeTaken(message.string()) : null;
        if (taken !== null) this.#watermark.hear(taken, now());
      },
    });
    const timer = setInterval(() => this.#sayAlive(connection, mostBytes), ALIVE_EVERY_MS);
    void connection.closed().finally(() => clearInterval(timer));
    this.#sayAlive(connection, mostBytes);
  }

  #sayAlive(connection: NatsConnection, mostBytes: number): void {
    const { storeId, site, report: reportNow, doneThrough } = this.#parts;
    const report = reportNow();
    if (report === null || connection.isClosed()) return;
    const done = doneThrough(TABLE);
    const caughtUpTo = this.#progress.note(report, done);
    const alive = { site, report, done, caughtUpTo, sent: this.#sent };
    connection.publish(aliveSubjectOf(this.#stream, storeId), encodeAlive(alive, mostBytes));
  }

  /** The stream has events of the partition up to that number, or had them. */
  sent(partition: number, through: number): void {
    this.#sent[partition] = Math.max(through, this.#sent[partition] ?? 0);
  }

  /** Number up to which all central Headcounts that were heard of have everything that was sent. */
  get safeThrough(): number {
    return this.#watermark.through(this.#sent);
  }
}
