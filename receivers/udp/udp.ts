import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { z } from 'zod';
import { hostAndPort } from '../../src/contract/host.ts';
import {
  defineReceiver,
  type EventIntake,
  type Receiver,
  type ReceiverParts,
  type ReceiverStats,
  receiverSettings,
} from '../../src/contract/receiver.ts';
import { host, port, size } from '../../src/contract/settings.ts';
import { WorkerFront } from '../../src/threads/worker-front.ts';
import { allow } from '../allow.schema.ts';
import { AllowList, type Lookup } from '../allow-list.ts';
import { encoding } from '../encoding.schema.ts';
import { LOOK_AGAIN_MS, LoggedCount, Refusals } from '../listen.ts';
import { HandOver } from './hand-over.ts';
import { KernelDrops } from './kernel-drops.ts';
import type { ReadingReply, ReadingTalk } from './reading-thread.ts';
import { growReceiveBuffer, receiveBufferRemedy } from './receive-buffer.ts';
import { createRing } from './ring.ts';

/**
 * `receiveBuffer` and `ringBuffer` in bytes. Open to the network by default: Sense nodes send to it. 64 MiB hold nine seconds
 * of 20,000 lines a second; memory that was never needed is none.
 */
export const udpSchema = z.strictObject({
  type: z.literal('udp'),
  host: host().prefault('::'),
  port: port().prefault(9997),
  allow: allow(),
  receiveBuffer: size('4KiB', '1GiB').prefault('4MiB'),
  encoding: encoding(),
  ringBuffer: size('1MiB', '1GiB').prefault('64MiB'),
  ...receiverSettings,
});
export type UdpConfig = z.output<typeof udpSchema>;

const REFRESH_MS = 1000;
/** Much longer than it takes to read what the kernel holds. */
const STOP_WITHIN_MS = 10_000;

export interface UdpReceiver extends Receiver {
  /** Asks the kernel now what it dropped; while listening that happens every second anyway. */
  refresh(): Promise<void>;
}

/** One message per datagram. Both families on one socket where `host` is `::`. */
export function createUdpReceiver(config: UdpConfig, parts: ReceiverParts, lookup?: Lookup): UdpReceiver {
  return new Udp(config, parts, lookup);
}

export const udpReceiver = defineReceiver({
  schema: udpSchema,
  create: (config, parts) => createUdpReceiver(config, parts),
  async tryOut({ receiveBuffer: wanted }) {
    const socket = createSocket('udp4');
    try {
      socket.bind(0, '127.0.0.1');
      await once(socket, 'listening');
      const granted = growReceiveBuffer(socket, wanted);
      if (granted >= wanted) return [];
      const text = `the kernel grants ${granted} of ${wanted} bytes; ${receiveBufferRemedy(wanted)}`;
      return [{ path: ['receiveBuffer'], text, isProblem: false }];
    } finally {
      socket.close();
    }
  },
});

class Udp implements UdpReceiver {
  readonly name: string;
  readonly #config: UdpConfig;
  readonly #parts: ReceiverParts;
  readonly #errors: LoggedCount;
  readonly #allowed: AllowList;
  readonly #refused = new Refusals();
  readonly #reading: WorkerFront<ReadingTalk>;
  readonly #ring: SharedArrayBuffer;
  #intake: EventIntake | null = null;
  #handOver: HandOver | null = null;
  #local: { readonly address: string; readonly port: number } | null = null;
  #drops: KernelDrops | null = null;
  /** Of the sockets before this one, null where that is not known either. */
  #droppedBefore: number | null = null;
  #isListening = false;
  #refreshTimer: NodeJS.Timeout | undefined;
  #lookupTimer: NodeJS.Timeout | undefined;
  #refusedDatagrams = 0;
  #receiveBuffer: number | null = null;
  #threadDeaths = 0;
  #stopped: Promise<void> | null = null;

  constructor(config: UdpConfig, parts: ReceiverParts, lookup?: Lookup) {
    this.name = parts.name;
    this.#config = config;
    this.#parts = parts;
    this.#errors = new LoggedCount(parts, 'warn', 'error on a UDP socket');
    this.#allowed = new AllowList(config.allow, parts, lookup);
    this.#allowed.onChange = () => {
      this.#reading.tell({ type: 'allowed', allowed: this.#allowed.allowed });
    };
    this.#ring = createRing(config.ringBuffer);
    this.#reading = new WorkerFront({
      name: `the thread that reads ${parts.name}`,
      file: new URL('./reading-thread.ts', import.meta.url),
      data: () => ({
        host: config.host,
        port: this.#local?.port ?? config.port,
        receiveBuffer: config.receiveBuffer,
        allowed: this.#allowed.allowed,
        ring: this.#ring,
      }),
      restart: 'at once',
      stopWithinMs: STOP_WITHIN_MS,
      heard: (reply, answer) => this.#onReply(reply, () => answer({ type: 'close' })),
      died: ({ message }) => this.#onDeath(message),
    });
  }

  async start(intake: EventIntake): Promise<void> {
    await this.#allowed.start();
    this.#intake = intake;
    this.#handOver = new HandOver(this.#ring, intake, this.#parts.now, this.#config.encoding);
    try {
      await this.#reading.start();
    } catch (error) {
      await this.#reading.terminate();
      throw error;
    }
    this.#refreshTimer = setInterval(() => void this.refresh(), REFRESH_MS).unref();
    const again = this.#parts.lookAgainMs ?? LOOK_AGAIN_MS;
    this.#lookupTimer = setInterval(() => void this.lookAgain(), again).unref();
    await this.refresh();
  }

  #onReply(reply: ReadingReply, close: () => void): void {
    if (reply.type === 'filled') this.#handOver?.wake();
    else if (reply.type === 'refused') this.#refuse(reply.count, reply.sample);
    else if (reply.type === 'error') this.#errors.add({ error: reply.message });
    else if (reply.type === 'bound') this.#onBound(reply);
    // What the kernel dropped can be asked only while there is a socket.
    else void this.refresh().then(close);
  }

  #onBound({ address, port, granted }: Extract<ReadingReply, { type: 'bound' }>): void {
    const isFirst = this.#local === null;
    this.#local = { address, port };
    this.#isListening = true;
    this.#drops = new KernelDrops(this.#local);
    this.#receiveBuffer = granted;
    // A thread that has died may not have said that there is something in the ring.
    this.#handOver?.wake();
    const wanted = this.#config.receiveBuffer;
    if (granted >= wanted || !isFirst) return;
    this.#parts.log.warn(
      {
        receiver: this.name,
        wantedBytes: wanted,
        grantedBytes: granted,
        remedy: receiveBufferRemedy(wanted),
      },
      'the kernel grants less receive buffer than configured, so bursts may be lost',
    );
  }

  #refuse(count: number, sample: string): void {
    this.#refusedDatagrams += count;
    for (let n = 0; n < count; n += 1) {
      this.#refused.add('not_allowed');
      this.#intake?.refuse('not_allowed', `${this.name}: ${sample}`);
    }
  }

  #onDeath(message: string): void {
    // One that dies before it is bound makes the start fail.
    if (this.#local === null) return;
    this.#threadDeaths += 1;
    this.#isListening = false;
    this.#droppedBefore = this.#kernelDropped;
    this.#drops = null;
    this.#parts.trouble(`the thread that reads ${this.name} has died, a new one is started`, message);
  }

  get #kernelDropped(): number | null {
    const now = this.#drops?.count ?? null;
    return now === null ? this.#droppedBefore : now + (this.#droppedBefore ?? 0);
  }

  refresh(): Promise<void> {
    return this.#drops?.refresh() ?? Promise.resolve();
  }

  lookAgain(): Promise<void> {
    return this.#allowed.refresh();
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    clearInterval(this.#refreshTimer);
    clearInterval(this.#lookupTimer);
    await this.#reading.stop();
    this.#handOver?.finish();
    this.#intake = null;
    this.#isListening = false;
  }

  stats(): ReceiverStats {
    const granted = this.#receiveBuffer;
    const local = this.#isListening ? this.#local : null;
    return {
      name: this.name,
      listening: local === null ? [] : [hostAndPort(local.address, local.port)],
      received: (this.#handOver?.received ?? 0) + this.#refusedDatagrams,
      kernelDropped: this.#kernelDropped,
      ringDropped: this.#handOver?.dropped ?? 0,
      refused: this.#refused.counts,
      receiveBufferBytes: granted,
      receiveBufferClamped: granted !== null && granted < this.#config.receiveBuffer,
      threadDeaths: this.#threadDeaths,
      socketErrors: this.#errors.count,
    };
  }
}
