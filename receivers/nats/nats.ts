import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { DeliverPolicy, type JsMsg, jetstream } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import {
  defineReceiver,
  type EventIntake,
  type Receiver,
  type ReceiverParts,
  type ReceiverStats,
} from '../../src/contract/receiver.ts';
import type { ForwardingIntake } from '../../src/contract/sites/forwarding.ts';
import { aliveSubjectOf, decodeAlive, edgeOfAlive } from '../../src/nats/alive.ts';
import { connectToNats, fileProblem } from '../../src/nats/connection.ts';
import {
  askSubjectOf,
  decodeEvents,
  decodeHead,
  encodeAsk,
  placeOf,
  subjectOf,
} from '../../src/nats/message.ts';
import { type FoundStream, findStream } from '../../src/nats/stream.ts';
import { encodeTaken, takenSubjectOf } from '../../src/nats/taken.ts';
import { NatsCentreWay } from './centre-link.ts';
import { Edges } from './edges.ts';
import { type NatsConfig, natsSchema } from './nats.schema.ts';
import { lackingOf, nextOf } from './places.ts';
import { watch } from './watch.ts';

const CONNECT_WITHIN_MS = 10_000;
/** Between two attempts: a part of how long there was nothing, so that the first one that can succeed is not much later than that. */
const RETRY_PART = 8;
const LEAST_RETRY_MS = 250;
const MOST_RETRY_MS = 10_000;
/** A consumer notices within a few of these that its server is gone; with the library's own settings it takes half a minute. */
const EXPIRES_MS = 5_000;
const HEARTBEAT_MS = 1_000;
/** Messages on their way at once; each may have a megabyte. */
const MOST_MESSAGES = 50;
/** An edge may be away when it is asked. */
const ASK_EVERY_MS = 5_000;
const FULL_MS = 50;

/** What it needs of what it is started with. */
type NatsIntake = Pick<EventIntake, 'refuse'> & { readonly edges: ForwardingIntake };

/** It follows a stream, so it can be started with less than what receivers of lines need. */
export interface NatsReceiver extends Receiver {
  start(intake: NatsIntake): Promise<void>;
}

/** Accepted events of other Headcounts, the edges, out of a JetStream of NATS. */
export function createNatsReceiver(config: NatsConfig, parts: ReceiverParts): NatsReceiver {
  return new Nats(config, parts);
}

export const natsReceiver = defineReceiver({
  schema: natsSchema,
  create: createNatsReceiver,
  async examine(config, folder) {
    const problem = await fileProblem(config, folder);
    return problem === null ? [] : [{ ...problem, isProblem: true }];
  },
  notes: ({ servers, stream, partitions }) => [
    ...servers,
    `stream ${stream}`,
    ...(partitions === undefined ? [] : [`partitions ${partitions.join(', ')}`]),
  ],
});

class Nats implements NatsReceiver {
  readonly name: string;
  /** Null where no partitions are configured: then it follows all of them, and has nobody to share them with. */
  readonly centreWay: NatsCentreWay | null;
  readonly #config: NatsConfig;
  readonly #parts: ReceiverParts;
  readonly #stopping = new AbortController();
  readonly #edges = new Edges();
  #running: Promise<void> | null = null;
  #intake: ForwardingIntake | null = null;
  #connection: NatsConnection | null = null;
  /** As it was seen last. */
  #known: FoundStream | null = null;
  #trouble: string | null = null;
  #received = 0;
  /** Numbers of messages in the stream: the last one looked at, and how many were behind it. */
  #place = { streamSeq: 0, pending: 0 };

  constructor(config: NatsConfig, parts: ReceiverParts) {
    this.name = parts.name;
    this.#config = config;
    this.#parts = parts;
    const { partitions, stream } = config;
    this.centreWay = partitions === undefined ? null : new NatsCentreWay(stream, partitions);
  }

  /** Resolves at once: that no server is there is said, and tried again. */
  async start(intake: NatsIntake): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    this.#intake = intake.edges;
    this.#running = this.#run(intake);
  }

  async #run(intake: NatsIntake): Promise<void> {
    const { signal } = this.#stopping;
    for (let since = performance.now(); !signal.aborted; ) {
      const before = this.#received;
      try {
        await this.#follow(intake);
      } catch (error) {
        if (signal.aborted) break;
        this.#trouble = (error as Error).message;
        this.#parts.trouble(`receiver ${this.name} does not get events of other sites`, this.#trouble);
      }
      await this.#connection?.close();
      const now = performance.now();
      if (this.#received > before) since = now;
      const retryMs = Math.min(MOST_RETRY_MS, Math.max(LEAST_RETRY_MS, (now - since) / RETRY_PART));
      await sleep(retryMs, undefined, { signal }).catch(() => {});
    }
  }

  /** Until the connection is lost, or it is time to stop. */
  async #follow(intake: NatsIntake): Promise<void> {
    const { signal } = this.#stopping;
    const { folder, log, name: receiver } = this.#parts;
    const late = AbortSignal.any([signal, AbortSignal.timeout(CONNECT_WITHIN_MS)]);
    const connection = await connectToNats(this.#config, folder, `headcount ${receiver}`, late);
    this.#connection = connection;
    // The servers may take their time until they answer for the stream, and connect centres meanwhile.
    const behind = () => this.#place.pending;
    if (this.#known !== null) this.centreWay?.begin(connection, this.#known, behind);
    const stream = await findStream(connection, this.#config.stream, null);
    if (this.#known === null) this.centreWay?.begin(connection, stream, behind);
    this.#known = stream;
    const owned = this.#config.partitions ?? Array.from({ length: stream.partitions }, (_, n) => n);
    if (Math.max(...owned) >= stream.partitions) {
      throw new Error(
        `the stream ${this.#config.stream} has partitions 0-${stream.partitions - 1}, and not all that are configured`,
      );
    }
    const messages = await this.#consume(connection, stream, owned, intake);
    this.#hear(connection, owned, intake.edges);
    const stop = () => void messages.close();
    let why = 'gives nothing more';
    void watch(messages, (type) => {
      why = `has lost our place (${type})`;
      stop();
    });
    signal.addEventListener('abort', stop);
    void connection.closed().then(stop);
    const asking = setInterval(() => this.#tell(connection, owned, intake.edges), ASK_EVERY_MS);
    if (this.#trouble !== null) log.info({ receiver }, `${connection.getServer()} gives events again`);
    this.#trouble = null;
    try {
      for await (const message of messages) {
        await this.#take(message, stream, connection, intake);
        // Lines and answers get their turn.
        await setImmediate();
      }
    } finally {
      clearInterval(asking);
      signal.removeEventListener('abort', stop);
    }
    const lost = connection.isClosed() ? await connection.closed() : null;
    if (!signal.aborted) throw lost ?? new Error(`the stream ${this.#config.stream} ${why}`);
  }

  /** Signs of life of edges. */
  #hear(connection: NatsConnection, owned: readonly number[], intake: ForwardingIntake): void {
    connection.subscribe(aliveSubjectOf(this.#config.stream, '*'), {
      callback: (error, message) => {
        const edge = error === null ? edgeOfAlive(message.subject) : null;
        const alive = error === null ? decodeAlive(message.string()) : null;
        if (edge === null || alive === null) return;
        intake.alive(edge, alive, owned);
        const lacking = this.#place.pending === 0 ? lackingOf(edge, alive, owned, intake) : NONE;
        this.#edges.alive(edge, alive, lacking, this.#parts.now());
      },
    });
  }

  async #consume(
    connection: NatsConnection,
    stream: FoundStream,
    owned: readonly number[],
    { edges }: NatsIntake,
  ) {
    const start = Math.max(1, nextOf(stream, owned, edges));
    const consumer = await jetstream(connection).consumers.get(this.#config.stream, {
      filter_subjects: owned.map((partition) => subjectOf(this.#config.stream, partition, '*')),
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: start,
    });
    this.#place.pending = (await consumer.info()).num_pending;
    return consumer.consume({
      max_messages: MOST_MESSAGES,
      expires: EXPIRES_MS,
      idle_heartbeat: HEARTBEAT_MS,
    });
  }

  async #take(
    message: JsMsg,
    stream: FoundStream,
    connection: NatsConnection,
    intake: NatsIntake,
  ): Promise<void> {
    this.#place = { streamSeq: message.seq, pending: message.info.pending };
    const head = decodeHead(message.headers);
    const place = placeOf(message.subject);
    if (head === null || place === null) {
      intake.refuse('bad_forwarded_message', message.subject);
      return;
    }
    const { edge, partition } = place;
    const events = decodeEvents(message.string());
    // Its events will never be readable: whoever asked for them again would ask for ever.
    if (events === null) intake.refuse('bad_forwarded_message', `${message.subject} up to ${head.through}`);
    const forwarded = {
      ...{ edge, partition, ...head, events: events ?? [] },
      ...{ stream: stream.identity, streamSeq: message.seq },
    };
    for (;;) {
      const outcome = intake.edges.forward(forwarded);
      if (outcome !== 'full') {
        if (outcome === 'taken') this.#received += forwarded.events.length;
        if (outcome === 'refused') intake.refuse('too_many_edges', edge);
        const isNew = this.#edges.note(forwarded, outcome, this.#parts.now());
        if (isNew) this.#ask(connection);
        return;
      }
      if (this.#stopping.signal.aborted) return;
      await sleep(FULL_MS);
    }
  }

  /** Says to each edge how far it has been taken, and asks for what is missing. */
  #tell(connection: NatsConnection, owned: readonly number[], intake: ForwardingIntake): void {
    if (connection.isClosed()) return;
    for (const edge of this.#edges.names) {
      const through: (number | null)[] = Array(Math.max(...owned) + 1).fill(null);
      for (const partition of owned) through[partition] = intake.takenOf(edge, partition);
      const subject = takenSubjectOf(this.#config.stream, edge);
      connection.publish(subject, encodeTaken({ centre: this.#parts.storeId, through }));
    }
    this.#ask(connection);
  }

  /** Asks edges for what is missing. */
  #ask(connection: NatsConnection): void {
    if (connection.isClosed()) return;
    for (const { edge, partition, after } of this.#edges.holes) {
      const subject = askSubjectOf(this.#config.stream, edge);
      connection.publish(subject, encodeAsk({ partition, after }));
      const sample = `${edge} of partition ${partition} after event ${after}`;
      this.#parts.trouble('events of another site are missing, and asked for again', sample);
    }
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running?.catch(() => {});
    await this.#connection?.close();
  }

  stats(): ReceiverStats {
    const isConnected = this.#connection?.isClosed() === false && this.#trouble === null;
    return {
      name: this.name,
      received: this.#received,
      kernelDropped: null,
      connected: isConnected,
      server: isConnected ? (this.#connection?.getServer() ?? null) : null,
      stream: this.#config.stream,
      pendingMessages: this.#place.pending,
      trouble: this.#trouble,
      edges: this.#edges.stats((edge) => this.#intake?.behindOf(edge) ?? null),
    };
  }
}

const NONE: ReadonlyMap<number, number> = new Map();
