import { Buffer } from 'node:buffer';
import type { Socket } from 'node:net';
import { connect, type IClientOptions, type IConnackPacket, type MqttClient } from 'mqtt';
import { NeedsOperatorError, PoisonRowError } from '../../src/contract/sink.ts';

/** Messages under way at once; a broker may ask for fewer. */
const MOST_IN_FLIGHT = 100;
/** What surrounds topic and payload in a packet: header, lengths, packet id, properties. */
const PACKET_OVERHEAD = 16;
/** For a last word, when it is time to go. */
const CLOSE_WITHIN_MS = 500;

export interface Message {
  readonly topic: string;
  readonly payload: string;
  readonly retain: boolean;
  /** Of the row that it is made of, in its batch. */
  readonly place: number;
}

/** What becomes of one `publish`. */
interface Publishing {
  readonly fail: (error: Error) => void;
}

/** One connection to a broker, which is never mended: what is lost is noticed, and a new one is made. */
export class Broker {
  readonly #url: string;
  readonly #client: MqttClient;
  readonly #qos: 0 | 1;
  readonly #mostInFlight: number;
  readonly #mostBytes: number;
  #publishing: Publishing | null = null;
  /** Why it is of no use any more; null while it is. */
  #lost: Error | null = null;

  private constructor(url: string, client: MqttClient, qos: 0 | 1, { properties }: IConnackPacket) {
    this.#url = url;
    this.#client = client;
    this.#qos = qos;
    this.#mostInFlight = Math.min(MOST_IN_FLIGHT, properties?.receiveMaximum ?? MOST_IN_FLIGHT);
    this.#mostBytes = properties?.maximumPacketSize ?? Number.POSITIVE_INFINITY;
    // Else the last messages of a batch wait until the broker's machine has acknowledged those before.
    (client.stream as Partial<Socket>).setNoDelay?.(true);
    // Kept, so that an error that comes before a connection closes says why it did.
    let last: Error | null = null;
    client.on('error', (error) => {
      last = error;
    });
    client.on('disconnect', ({ reasonCode }) => {
      last = new Error(`the broker ended the connection (reason code ${reasonCode ?? 0})`);
    });
    client.on('close', () => this.#lose(last ?? new Error('the connection was closed')));
  }

  /**
   * Resolves when the broker has agreed; rejects soon after `signal` aborts.
   * @throws NeedsOperatorError where it refuses who we are, or is not the one that is meant
   */
  static async connect(
    url: string,
    qos: 0 | 1,
    options: IClientOptions,
    signal: AbortSignal,
  ): Promise<Broker> {
    signal.throwIfAborted();
    const client = connect(url, {
      ...options,
      // Whatever is lost on the way is published again by whoever knows what was not taken.
      ...{ reconnectPeriod: 0, clean: true, queueQoSZero: false, resubscribe: false },
    });
    const { promise, resolve, reject } = Promise.withResolvers<Broker>();
    const giveUp = () => reject(new Error(`${url} did not answer in time`));
    signal.addEventListener('abort', giveUp);
    client.on('connect', (agreed) => resolve(new Broker(url, client, qos, agreed)));
    client.on('error', (error) => reject(connectFault(error, url)));
    client.on('close', () => reject(new Error(`${url} closed the connection before it answered`)));
    try {
      return await promise;
    } catch (error) {
      client.end(true);
      throw error;
    } finally {
      signal.removeEventListener('abort', giveUp);
    }
  }

  get isConnected(): boolean {
    return this.#lost === null;
  }

  /** Resolves when the broker has taken all, with QoS 0 when they are sent. After it has rejected, but for a row, nothing goes on. */
  async publish(messages: readonly Message[], signal: AbortSignal): Promise<void> {
    try {
      await this.#publishAll(messages, signal);
    } catch (error) {
      if (error instanceof PoisonRowError) throw error;
      // What is under way must not arrive after what is offered next.
      this.#lose(error as Error);
      throw error;
    }
  }

  #publishAll(messages: readonly Message[], signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    if (this.#lost !== null) return Promise.reject(lostFault(this.#lost, this.#url));
    if (signal.aborted) return Promise.reject(new Error(`${this.#url} did not answer in time`));
    let next = 0;
    let inFlight = 0;
    let poison: Error | null = null;
    let isPumpDue = false;
    let isGivenUp = false;
    const fail = (error: Error) => {
      isGivenUp = true;
      reject(error);
    };
    const end = () => {
      if (inFlight > 0) return;
      if (poison !== null) reject(poison);
      else if (next === messages.length) resolve();
    };
    const pump = () => {
      isPumpDue = false;
      while (!isGivenUp && poison === null && inFlight < this.#mostInFlight && next < messages.length) {
        const message = messages[next++] as Message;
        poison = this.#refusal(message);
        if (poison !== null) break;
        inFlight += 1;
        const { topic, payload, retain } = message;
        this.#client.publish(topic, payload, { qos: this.#qos, retain }, (error) => {
          inFlight -= 1;
          if (error) {
            const fault = publishFault(error, message, this.#url);
            if (!(fault instanceof PoisonRowError)) return fail(fault);
            poison ??= fault;
          }
          // What is published in one turn leaves in one write.
          if (!isPumpDue) setImmediate(pump);
          isPumpDue = true;
        });
      }
      end();
    };
    const giveUp = () => fail(new Error(`${this.#url} did not take everything in time`));
    signal.addEventListener('abort', giveUp);
    this.#publishing = { fail: (error) => fail(lostFault(error, this.#url)) };
    pump();
    return promise.finally(() => {
      signal.removeEventListener('abort', giveUp);
      this.#publishing = null;
    });
  }

  /** Where a message can be sent to no broker, or not to this one. */
  #refusal({ topic, payload, place }: Message): PoisonRowError | null {
    const bytes = Buffer.byteLength(topic);
    if (topic === '' || /[+#\0]/.test(topic) || bytes > 65_535) {
      return new PoisonRowError(place, `${JSON.stringify(topic.slice(0, 200))} cannot be a topic`);
    }
    if (this.#mostBytes === Number.POSITIVE_INFINITY) return null;
    const size = PACKET_OVERHEAD + bytes + Buffer.byteLength(payload);
    if (size <= this.#mostBytes) return null;
    return new PoisonRowError(place, `a message of ${size} bytes; the broker takes ${this.#mostBytes}`);
  }

  #lose(error: Error): void {
    if (this.#lost !== null) return;
    this.#lost = error;
    this.#publishing?.fail(error);
    this.#client.end(true);
  }

  /** Says goodbye, where there is somebody to hear it: `last` is published first. */
  async close(last: Message | null): Promise<void> {
    if (this.#lost !== null) return;
    const signal = AbortSignal.timeout(CLOSE_WITHIN_MS);
    if (last !== null) await this.publish([last], signal).catch(() => {});
    if (!this.isConnected) return;
    this.#lost = new Error('stopped');
    const { promise, resolve } = Promise.withResolvers<void>();
    signal.addEventListener('abort', () => resolve());
    this.#client.end(false, () => resolve());
    await promise;
    this.#client.end(true);
  }

  /** Lets go at once. The broker tells its subscribers, where it was asked to. */
  drop(): void {
    this.#lose(new Error('given up'));
  }
}

function codeOf(error: Error): number | string {
  const first = error instanceof AggregateError ? error.errors[0] : error;
  const code = typeof first === 'object' && first !== null && 'code' in first ? first.code : '';
  return typeof code === 'number' ? code : String(code);
}

/** Of MQTT 3.1.1, and of 5: not authorized, banned, a wrong client id or way of proving who one is. */
const REFUSES_US: ReadonlySet<unknown> = new Set([2, 4, 5, 133, 134, 135, 138, 140]);
const OTHER_VERSION: ReadonlySet<unknown> = new Set([1, 132]);

function connectFault(error: Error, url: string): Error {
  const code = codeOf(error);
  if (REFUSES_US.has(code)) {
    return new NeedsOperatorError(`${url} refuses this sink: ${error.message} (code ${code})`);
  }
  if (OTHER_VERSION.has(code)) {
    return new NeedsOperatorError(`${url} does not speak this version of MQTT: set "version" to "3.1.1"`);
  }
  if (code === 'ECONNREFUSED') return new Error(`nothing listens at ${url}: is the broker running?`);
  if (/CERT|SELF_SIGNED|UNABLE_TO|^ERR_TLS|^ERR_SSL/.test(String(code))) {
    return new NeedsOperatorError(`the certificate of ${url} is not trusted (${code})`);
  }
  return new Error(`${url} broke off: ${error.message || code}`);
}

function lostFault(error: Error, url: string): Error {
  return new Error(`${url} broke off: ${error.message}`);
}

/** What is said of one message, by its reason code in MQTT 5. */
function publishFault(error: Error, { topic, place }: Message, url: string): Error {
  switch (codeOf(error)) {
    case 135:
      return new NeedsOperatorError(`${url} does not let this sink publish to ${topic} (not authorized)`);
    case 144:
    case 153:
      return new PoisonRowError(place, `${url} refuses a message to ${topic}: ${error.message}`);
    default:
      return new Error(`${url}: ${error.message}`);
  }
}
