import { promisify } from 'node:util';
import { gunzip, gzip, type ZlibOptions } from 'node:zlib';
import { jetstream } from '@nats-io/jetstream';
import { type KV, Kvm } from '@nats-io/kv';
import { headers, type Msg, type NatsConnection } from '@nats-io/transport-node';
import type {
  CentreIntake,
  CentreLink,
  CentreReply,
  CentreWay,
  CentreWord,
  KeptLease,
} from '../../src/contract/centres/centre.ts';
import {
  bucketOf,
  decodeQuestion,
  decodeWord,
  encodeQuestion,
  encodeWord,
  questionSubjectOf,
  wordSubjectOf,
} from '../../src/nats/centre-message.ts';
import type { FoundStream } from '../../src/nats/stream.ts';

/** What subject, head and the frame around the counts take of a message. */
const HEAD_BYTES = 4_096;
const USUAL_PAYLOAD = 1_048_576;
/** Whoever writes or reads a lease waits so long. */
const LEASE_WITHIN_MS = 1_500;
/** Questions of other centres that are answered at once. */
const MOST_QUESTIONS = 32;
/** Characters from which on an answer is packed: a page of sessions takes a tenth of the room then. */
const PACKED_FROM = 16_384;
const UNPACKED = { maxOutputLength: 32 * 1_024 * 1_024 };
/** What gzip begins with, and no JSON. */
const GZIP = [0x1f, 0x8b] as const;
const pack = promisify<string, Buffer>(gzip);
const unpack = promisify(
  gunzip as (
    data: Uint8Array,
    options: ZlibOptions,
    done: (error: Error | null, result: Buffer) => void,
  ) => void,
);
const STATUS = 'headcount-status';
/** Of JetStream: something was written since. */
const WRONG_LAST_SEQUENCE = [10_071, 10_164];

/** What has to be known of a stream. */
type CentreStream = Pick<FoundStream, 'partitions' | 'replicas'>;

/** Joins the centres that share a stream, over one connection to its servers. */
export class NatsCentreWay implements CentreWay {
  readonly partitions: readonly number[];
  readonly #stream: string;
  #centres: CentreIntake | null = null;
  #leave: (() => void) | null = null;

  constructor(stream: string, partitions: readonly number[]) {
    this.#stream = stream;
    this.partitions = partitions;
  }

  join(centres: CentreIntake): void {
    this.#centres = centres;
  }

  /** From now on, until the connection is closed, centres hear of each other by it. `behind`: messages that we have yet to take. */
  begin(connection: NatsConnection, stream: CentreStream, behind: () => number): void {
    const centres = this.#centres;
    if (centres === null) return;
    connection.subscribe(wordSubjectOf(this.#stream, '*'), {
      callback: (error, message) => {
        const word = error === null ? decodeWord(message.subject, message.string()) : null;
        if (word !== null) centres.hear(word);
      },
    });
    answerQuestions(connection, this.#stream, centres);
    this.#leave = centres.linked(new Link(connection, this.#stream, stream, behind));
    void connection.closed().then(() => this.end());
  }

  end(): void {
    this.#leave?.();
    this.#leave = null;
  }
}

/** What others ask this centre. */
function answerQuestions(connection: NatsConnection, stream: string, centres: CentreIntake): void {
  let underWay = 0;
  const most = (connection.info?.max_payload ?? USUAL_PAYLOAD) - HEAD_BYTES;
  const answer = async (message: Msg): Promise<void> => {
    const path = decodeQuestion(message.string());
    if (path === null || message.reply === undefined) return;
    if (underWay >= MOST_QUESTIONS) {
      respond(message, 503, Buffer.alloc(0));
      return;
    }
    underWay += 1;
    const { status, body } = await centres.answer(path);
    const packed = body.length < PACKED_FROM ? Buffer.from(body) : await pack(body);
    underWay -= 1;
    const isTooLong = packed.length > most;
    respond(message, isTooLong ? 413 : status, isTooLong ? Buffer.alloc(0) : packed);
  };
  connection.subscribe(questionSubjectOf(stream, centres.name), {
    callback: (error, message) => {
      if (error === null) void answer(message);
    },
  });
}

/** It may be too late for an answer. */
function respond(message: Msg, status: number, bytes: Uint8Array): void {
  const head = headers();
  head.set(STATUS, String(status));
  try {
    message.respond(bytes, { headers: head });
  } catch {
    // The connection is closed: whoever asked gives up by itself.
  }
}

class Link implements CentreLink {
  readonly partitionCount: number;
  readonly mostBytes: number;
  readonly #connection: NatsConnection;
  readonly #stream: string;
  readonly #replicas: number;
  readonly behind: () => number;
  #leases: Promise<KV> | null = null;

  constructor(
    connection: NatsConnection,
    stream: string,
    { partitions, replicas }: CentreStream,
    behind: () => number,
  ) {
    this.#connection = connection;
    this.#stream = stream;
    this.#replicas = replicas;
    this.behind = behind;
    this.partitionCount = partitions;
    this.mostBytes = (connection.info?.max_payload ?? USUAL_PAYLOAD) - HEAD_BYTES;
  }

  say(word: CentreWord): void {
    if (this.#connection.isClosed()) return;
    this.#connection.publish(wordSubjectOf(this.#stream, word.centre), encodeWord(word));
  }

  async ask(centre: string, path: string, withinMs: number): Promise<CentreReply> {
    const subject = questionSubjectOf(this.#stream, centre);
    const message = await this.#connection.request(subject, encodeQuestion(path), { timeout: withinMs });
    const status = Number(message.headers?.get(STATUS));
    if (!Number.isInteger(status)) throw new Error('no answer of a centre');
    const bytes = message.data;
    const isPacked = bytes[0] === GZIP[0] && bytes[1] === GZIP[1];
    return { status, body: isPacked ? String(await unpack(bytes, UNPACKED)) : message.string() };
  }

  /** Found or made when it is needed: events come also where that is not allowed. */
  #open(): Promise<KV> {
    const client = jetstream(this.#connection, { timeout: LEASE_WITHIN_MS });
    const description = 'who answers for which partitions of a stream of Headcount';
    this.#leases ??= new Kvm(client).create(bucketOf(this.#stream), {
      ...{ replicas: this.#replicas, history: 1, description },
    });
    this.#leases.catch(() => {
      this.#leases = null;
    });
    return this.#leases;
  }

  async read(name: string): Promise<KeptLease> {
    const entry = await (await this.#open()).get(name);
    if (entry === null) return { text: null, revision: 0 };
    return { text: entry.operation === 'PUT' ? entry.string() : null, revision: entry.revision };
  }

  async write(name: string, text: string | null, revision: number): Promise<number | null> {
    const leases = await this.#open();
    try {
      if (text !== null) {
        return await leases.put(name, text, { previousSeq: revision, timeout: LEASE_WITHIN_MS });
      }
      await leases.delete(name, { previousSeq: revision });
      return revision;
    } catch (error) {
      if (WRONG_LAST_SEQUENCE.includes(Number((error as { code?: unknown }).code))) return null;
      throw error;
    }
  }
}
