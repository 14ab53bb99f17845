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

/** What subject, head and the frame around the counts take of a message. */
const HEAD_BYTES = 4_096;
const USUAL_PAYLOAD = 1_048_576;
/** Whoever writes or reads a lease waits so long. */
const LEASE_WITHIN_MS = 1_500;
/** Questions of other centres that are answered at once. */
const MOST_QUESTIONS = 32;
const STATUS = 'headcount-status';
/** Of JetStream: something was written since. */
const WRONG_LAST_SEQUENCE = [10_071, 10_164];

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

  /** From now on, until the connection is closed, centres hear of each other by it. */
  async begin(
    connection: NatsConnection,
    { partitions, replicas }: { partitions: number; replicas: number },
  ): Promise<void> {
    const centres = this.#centres;
    if (centres === null) return;
    const client = jetstream(connection, { timeout: LEASE_WITHIN_MS });
    const bucket = bucketOf(this.#stream);
    const leases = await new Kvm(client).create(bucket, {
      replicas,
      history: 1,
      description: 'who answers for which partitions',
    });
    connection.subscribe(wordSubjectOf(this.#stream, '*'), {
      callback: (error, message) => {
        const word = error === null ? decodeWord(message.subject, message.string()) : null;
        if (word !== null) centres.hear(word);
      },
    });
    answerQuestions(connection, this.#stream, centres);
    this.#leave = centres.linked(new Link(connection, this.#stream, leases, partitions));
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
      respond(message, { status: 503, body: '' });
      return;
    }
    underWay += 1;
    const reply = await centres.answer(path);
    underWay -= 1;
    respond(message, Buffer.byteLength(reply.body) > most ? { status: 413, body: '' } : reply);
  };
  connection.subscribe(questionSubjectOf(stream, centres.name), {
    callback: (error, message) => {
      if (error === null) void answer(message);
    },
  });
}

/** It may be too late for an answer. */
function respond(message: Msg, { status, body }: CentreReply): void {
  const head = headers();
  head.set(STATUS, String(status));
  try {
    message.respond(body, { headers: head });
  } catch {
    // The connection is closed: whoever asked gives up by itself.
  }
}

class Link implements CentreLink {
  readonly partitionCount: number;
  readonly mostBytes: number;
  readonly #connection: NatsConnection;
  readonly #stream: string;
  readonly #leases: KV;

  constructor(connection: NatsConnection, stream: string, leases: KV, partitionCount: number) {
    this.#connection = connection;
    this.#stream = stream;
    this.#leases = leases;
    this.partitionCount = partitionCount;
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
    return { status, body: message.string() };
  }

  async read(name: string): Promise<KeptLease> {
    const entry = await this.#leases.get(name);
    if (entry === null) return { text: null, revision: 0 };
    return { text: entry.operation === 'PUT' ? entry.string() : null, revision: entry.revision };
  }

  async write(name: string, text: string | null, revision: number): Promise<number | null> {
    try {
      if (text !== null) {
        return await this.#leases.put(name, text, { previousSeq: revision, timeout: LEASE_WITHIN_MS });
      }
      await this.#leases.delete(name, { previousSeq: revision });
      return revision;
    } catch (error) {
      if (WRONG_LAST_SEQUENCE.includes(Number((error as { code?: unknown }).code))) return null;
      throw error;
    }
  }
}
