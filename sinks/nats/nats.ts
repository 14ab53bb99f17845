import { type JetStreamClient, jetstream } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import type { AcceptedEventRow } from '../../src/contract/rows.ts';
import {
  type Batch,
  defineSink,
  NeedsOperatorError,
  type Sink,
  type SinkParts,
} from '../../src/contract/sink.ts';
import { connectToNats, fileProblem, SettingsError } from '../../src/nats/connection.ts';
import {
  type Ask,
  decodeHead,
  encodeEvent,
  encodeEvents,
  encodeHead,
  subjectOf,
} from '../../src/nats/message.ts';
import { partitionOf } from '../../src/nats/partition.ts';
import { type FoundStream, findStream } from '../../src/nats/stream.ts';
import { type NatsConfig, natsSchema } from './nats.schema.ts';
import { inMessages, type Packed } from './pack.ts';
import { Talk } from './talk.ts';

/** What head and subject take of a message. */
const HEAD_BYTES = 1_024;
/** A server has to know of a message's storing so soon, else it is offered again. */
const ACK_WITHIN_MS = 3_000;
/** A question that is asked again within this time is answered already. */
const ANSWER_HOLDS_MS = 60_000;
const TABLE = 'accepted_events';

/** Accepted events to a central Headcount, as messages of a JetStream of NATS: the rows of one partition together. */
export function createNatsSink(config: NatsConfig, parts: SinkParts): Sink {
  return new Nats(config, parts);
}

export const natsSink = defineSink({
  schema: natsSchema,
  create: createNatsSink,
  async examineFiles(config, folder) {
    const problem = await fileProblem(config, folder);
    return problem === null ? [] : [{ ...problem, isProblem: true }];
  },
  async examine(config, folder, signal) {
    const connection = await connectToNats(config, folder, 'headcount doctor', signal);
    try {
      const server = `${connection.getServer()} is nats-server ${connection.info?.version}`;
      // None is made: that is the work of the sink.
      const found = await findStream(connection, config.stream, null).catch((error: Error) => error);
      if (found instanceof SettingsError) throw found;
      if (found instanceof Error) return [server, found.message];
      const { partitions, firstSeq, lastSeq } = found;
      return [
        server,
        `the stream ${config.stream} has ${partitions} partitions, and messages ${firstSeq} to ${lastSeq}`,
      ];
    } finally {
      await connection.close();
    }
  },
});

/** How far one partition is. */
interface Sent {
  /** Number of the last event that is in the stream. */
  through: number;
  /** Of events that somebody asked for again and that there are no more. */
  gone: number;
}

class Nats implements Sink {
  readonly name: string;
  readonly tables = [TABLE] as const;
  readonly #config: NatsConfig;
  readonly #parts: SinkParts;
  readonly #talk: Talk;
  #connection: NatsConnection | null = null;
  #client: JetStreamClient | null = null;
  #stream: FoundStream | null = null;
  /** By partition; what is not known was sent by a process before this one, or never. */
  #sent = new Map<number, Sent>();
  /** Number of the last row of the last batch that was taken. */
  #last = 0;
  /** By partition: what to begin with once the rows come again. */
  readonly #asks = new Map<number, Sent>();
  /** By partition: what was asked for last, and when. */
  readonly #answered = new Map<number, { readonly after: number; readonly at: number }>();
  #asked = 0;
  #messages = 0;

  constructor(config: NatsConfig, parts: SinkParts) {
    this.name = parts.name;
    this.#config = config;
    this.#parts = parts;
    this.#talk = new Talk(config.stream, parts, (ask) => this.#offerAgain(ask));
  }

  async start(signal: AbortSignal): Promise<void> {
    if (this.#connection === null || this.#connection.isClosed()) {
      const { folder, storeId } = this.#parts;
      const name = `headcount ${storeId}`;
      this.#connection = await connectToNats(this.#config, folder, name, signal).catch(forOperator);
      this.#client = jetstream(this.#connection);
      this.#talk.begin(this.#connection, this.#mostBytes);
    }
    await this.#unlessAborted(signal, () => this.#prepare());
  }

  async #prepare(): Promise<void> {
    if (this.#connection === null) return;
    const { stream: name, partitions, replicas, maxAge: maxAgeMs, maxSize: maxBytes } = this.#config;
    const wanted = { name, partitions, replicas, maxAgeMs, maxBytes };
    this.#stream = await findStream(this.#connection, name, wanted).catch(forOperator);
    await this.#readSent(this.#stream);
  }

  /** What is under way when it is time to give up must not arrive later: the connection goes. */
  async #unlessAborted(signal: AbortSignal, work: () => Promise<void>): Promise<void> {
    const { promise: aborted, reject } = Promise.withResolvers<never>();
    const giveUp = () => {
      reject(new Error(`${this.#config.servers.join(', ')} did not take everything in time`));
      void this.#connection?.close();
    };
    if (signal.aborted) giveUp();
    signal.addEventListener('abort', giveUp);
    try {
      await Promise.race([aborted, work()]);
    } finally {
      signal.removeEventListener('abort', giveUp);
    }
  }

  /** Where each partition is, says the stream itself: an answer may have been lost. */
  async #readSent({ manager, partitions }: FoundStream): Promise<void> {
    const { storeId, lastSeq } = this.#parts;
    const sent = new Map<number, Sent>();
    for (let partition = 0; partition < partitions; partition += 1) {
      const subject = subjectOf(this.#config.stream, partition, storeId);
      const message = await manager.streams.getMessage(this.#config.stream, { last_by_subj: subject });
      const head = decodeHead(message?.header);
      if (head !== null) sent.set(partition, { through: head.through, gone: 0 });
      // Where the stream has lost it, the centre may still lack it.
      this.#talk.sent(partition, head?.through ?? 0);
    }
    const through = Math.max(0, ...[...sent.values()].map((each) => each.through));
    if (through > lastSeq()) {
      throw new NeedsOperatorError(
        `the stream has event ${through} of this store, which ends at ${lastSeq()}: a copy of the store writes there, or an older one was put ` +
          'back. `headcount new-identity` gives this one a name of its own',
      );
    }
    this.#sent = sent;
  }

  #offerAgain(ask: Ask): void {
    if (ask.partition >= (this.#stream?.partitions ?? 0) || ask.after >= this.#parts.lastSeq()) return;
    const answered = this.#answered.get(ask.partition);
    const now = this.#parts.now();
    // It is in the stream, and whoever asks has yet to come to it.
    if (answered?.after === ask.after && now - answered.at < ANSWER_HOLDS_MS) return;
    this.#answered.set(ask.partition, { after: ask.after, at: now });
    this.#asked += 1;
    const first = this.#parts.offerAgain(TABLE, ask.after);
    const { partition, after } = ask;
    // Not told from the first row that comes: those of excluded users before it are not gone.
    const sent = { through: after, gone: first - 1 - after };
    if (first > this.#last) this.#sent.set(partition, sent);
    // Until the rows come, the ones under way go on as before.
    else this.#asks.set(partition, sent);
  }

  async write(batch: Batch, signal: AbortSignal): Promise<void> {
    const stream = this.#stream;
    if (batch.table !== TABLE || stream === null) throw new Error('not started');
    const first = batch.rows[0]?.seq ?? 0;
    if (first <= this.#last) this.#beginAgain(first);
    const byPartition = Map.groupBy(batch.rows.entries(), ([, { host, user }]) =>
      partitionOf(host, user, stream.partitions),
    );
    await this.#unlessAborted(signal, async () => {
      const done = await Promise.allSettled(
        [...byPartition].map(([partition, rows]) => this.#publishAll(partition, first, rows)),
      );
      // Not before all of them are: a partition has one message under way at most, also in the next call.
      const failed = done.find(({ status }) => status === 'rejected');
      if (failed?.status === 'rejected') throw failed.reason;
    });
    this.#last = batch.rows.at(-1)?.seq ?? this.#last;
  }

  /** Rows come once more, from `first` on. */
  #beginAgain(first: number): void {
    for (const sent of this.#sent.values()) sent.through = Math.min(sent.through, first - 1);
    for (const [partition, sent] of this.#asks) this.#sent.set(partition, sent);
    this.#asks.clear();
  }

  /** One message after the other, so that the stream has them in order. */
  async #publishAll(
    partition: number,
    first: number,
    rows: readonly (readonly [place: number, row: AcceptedEventRow])[],
  ): Promise<void> {
    const sent = this.#sent.get(partition) ?? { through: first - 1, gone: 0 };
    this.#sent.set(partition, sent);
    const news = rows
      .filter(([, { seq }]) => seq > sent.through)
      .map(([place, row]): Packed => ({ seq: row.seq, place, json: encodeEvent(row) }));
    for (const packed of inMessages(news, this.#mostBytes)) {
      const through = packed.at(-1)?.seq ?? sent.through;
      await this.#publish(partition, sent, packed, through);
      sent.through = through;
      this.#talk.sent(partition, through);
      sent.gone = 0;
      this.#messages += 1;
    }
  }

  async #publish(partition: number, sent: Sent, packed: readonly Packed[], through: number): Promise<void> {
    const { storeId, site } = this.#parts;
    const subject = subjectOf(this.#config.stream, partition, storeId);
    const head = { site, previous: sent.through, through, gone: sent.gone };
    const ack = await this.#client?.publish(subject, encodeEvents(packed.map(({ json }) => json)), {
      headers: encodeHead(head),
      // What is sent again after somebody has asked for it has to arrive, whatever came before.
      msgID: `${storeId}-${partition}-${packed[0]?.seq}-${through}-${this.#asked}`,
      timeout: ACK_WITHIN_MS,
    });
    if (ack === undefined || ack.stream !== this.#config.stream) {
      throw new NeedsOperatorError(`${subject} is taken by the stream ${ack?.stream}`);
    }
  }

  get #mostBytes(): number {
    return (this.#connection?.info?.max_payload ?? 1_048_576) - HEAD_BYTES;
  }

  details(): Readonly<Record<string, unknown>> {
    return {
      server: this.#connection?.isClosed() === false ? this.#connection.getServer() : null,
      stream: this.#config.stream,
      partitions: this.#stream?.partitions ?? null,
      messages: this.#messages,
      askedAgain: this.#asked,
    };
  }

  /** A stream may lose what no central Headcount has taken yet. */
  safeThrough(): number {
    return this.#talk.safeThrough;
  }

  async stop(): Promise<void> {
    await this.#connection?.close();
  }
}

function forOperator(error: Error): never {
  throw error instanceof SettingsError ? new NeedsOperatorError(error.message) : error;
}
