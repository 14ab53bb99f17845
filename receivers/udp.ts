import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { hostAndPort } from '../src/core/host.ts';
import type { Intake, Receiver, ReceiverStats } from '../src/core/receiver.ts';
import { AllowList } from './allow-list.ts';
import { bindPlace } from './bind-place.ts';
import { KernelDrops } from './kernel-drops.ts';
import { plainAddress } from './plain-address.ts';
import { LOOK_AGAIN_MS, LoggedCount, type ReceiverParts } from './receiver-log.ts';
import { Refusals } from './refusals.ts';
import type { UdpConfig } from './udp.schema.ts';
import { growReceiveBuffer, receiveBufferRemedy } from './udp-receive-buffer.ts';
import { UdpSenders } from './udp-senders.ts';
import { untilQuiet } from './until-quiet.ts';

const REFRESH_MS = 1000;

export interface UdpReceiver extends Receiver {
  /** Asks the kernel now what it dropped; while listening that happens every second anyway. */
  refresh(): Promise<void>;
}

/** One message per datagram. Both families on one socket where `host` is `::`. */
export function createUdpReceiver(config: UdpConfig, parts: ReceiverParts): UdpReceiver {
  return new Udp(config, parts);
}

class Udp implements UdpReceiver {
  readonly name: string;
  readonly #config: UdpConfig;
  readonly #parts: ReceiverParts;
  readonly #senders = new UdpSenders();
  readonly #errors: LoggedCount;
  readonly #allowed: AllowList;
  readonly #refused = new Refusals();
  #socket: Socket | null = null;
  #listening: string[] = [];
  #drops: KernelDrops | null = null;
  #refreshTimer: NodeJS.Timeout | undefined;
  #lookupTimer: NodeJS.Timeout | undefined;
  #received = 0;
  #receiveBuffer: number | null = null;
  #stopped: Promise<void> | null = null;

  constructor(config: UdpConfig, parts: ReceiverParts) {
    this.name = parts.name;
    this.#config = config;
    this.#parts = parts;
    this.#errors = new LoggedCount(parts, 'warn', 'error on a UDP socket');
    this.#allowed = new AllowList(config.allow, parts);
  }

  async start(intake: Intake): Promise<void> {
    await this.#allowed.start();
    const socket = await bindPlace('udp', this.#config, (address, family) => {
      return this.#bind(address, family, intake);
    });
    this.#socket = socket;
    socket.on('error', (error) => this.#errors.add({ error: error.message }));
    const local = socket.address();
    this.#listening = [hostAndPort(local.address, local.port)];
    this.#drops = new KernelDrops(local);
    this.#refreshTimer = setInterval(() => void this.refresh(), REFRESH_MS).unref();
    const again = this.#parts.lookAgainMs ?? LOOK_AGAIN_MS;
    this.#lookupTimer = setInterval(() => void this.lookAgain(), again).unref();
    await this.refresh();
  }

  async #bind(address: string, family: 4 | 6, intake: Intake): Promise<Socket> {
    const socket = createSocket({ type: family === 6 ? 'udp6' : 'udp4', ipv6Only: false });
    // While this runs the kernel's buffer fills: nothing but the hand-over may happen here.
    socket.on('message', (bytes, remote) => {
      this.#received += 1;
      if (!this.#allowed.allows(remote.address)) {
        this.#refused.add('not_allowed');
        intake.refuse(
          'not_allowed',
          `${this.name}: ${remote.size} bytes from ${plainAddress(remote.address)}`,
        );
        return;
      }
      intake.receive(bytes, this.#senders.of(remote.address, remote.port), this.#parts.now());
    });
    socket.once('listening', () => this.#growBuffer(socket));
    socket.bind({ address, port: this.#config.port });
    try {
      await once(socket, 'listening');
    } catch (error) {
      socket.close();
      throw error;
    }
    return socket;
  }

  #growBuffer(socket: Socket): void {
    const wanted = this.#config.receiveBuffer;
    const granted = growReceiveBuffer(socket, wanted);
    this.#receiveBuffer = granted;
    if (granted >= wanted) return;
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
    const socket = this.#socket;
    if (socket === null) return;
    await untilQuiet(() => this.#received);
    await this.refresh();
    await new Promise<void>((resolve) => socket.close(resolve));
    this.#listening = [];
  }

  stats(): ReceiverStats {
    const granted = this.#receiveBuffer;
    return {
      name: this.name,
      listening: this.#listening,
      received: this.#received,
      kernelDropped: this.#drops?.count ?? null,
      refused: this.#refused.counts,
      receiveBufferBytes: granted,
      receiveBufferClamped: granted !== null && granted < this.#config.receiveBuffer,
      socketErrors: this.#errors.count,
    };
  }
}
