import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { platform } from 'node:os';
import { z } from 'zod';
import type { Encoding } from '../../src/contract/encoding.ts';
import type { Sender } from '../../src/contract/event.ts';
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
import { plainAddress } from '../address.ts';
import { allow } from '../allow.schema.ts';
import { AllowList } from '../allow-list.ts';
import { encoding } from '../encoding.schema.ts';
import { bindPlace, LOOK_AGAIN_MS, LoggedCount, Refusals, untilQuiet } from '../listen.ts';
import { KernelDrops } from './kernel-drops.ts';

/** `receiveBuffer` in bytes. Open to the network by default: Sense nodes send to it. */
export const udpSchema = z.strictObject({
  type: z.literal('udp'),
  host: host().prefault('::'),
  port: port().prefault(9997),
  allow: allow(),
  receiveBuffer: size('4KiB', '1GiB').prefault('4MiB'),
  encoding: encoding(),
  ...receiverSettings,
});
export type UdpConfig = z.output<typeof udpSchema>;

const REFRESH_MS = 1000;

export interface UdpReceiver extends Receiver {
  /** Asks the kernel now what it dropped; while listening that happens every second anyway. */
  refresh(): Promise<void>;
}

/** One message per datagram. Both families on one socket where `host` is `::`. */
export function createUdpReceiver(config: UdpConfig, parts: ReceiverParts): UdpReceiver {
  return new Udp(config, parts);
}

export const udpReceiver = defineReceiver({
  schema: udpSchema,
  create: createUdpReceiver,
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
  readonly #senders: UdpSenders;
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
    this.#senders = new UdpSenders(config.encoding);
    this.#errors = new LoggedCount(parts, 'warn', 'error on a UDP socket');
    this.#allowed = new AllowList(config.allow, parts);
  }

  async start(intake: EventIntake): Promise<void> {
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

  async #bind(address: string, family: 4 | 6, intake: EventIntake): Promise<Socket> {
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

/** Senders remembered; more are forgotten all at once, since only forged ones are so many. */
const MOST = 10_000;

/** One object per sender instead of one per datagram. */
export class UdpSenders {
  #byAddress = new Map<string, Map<number, Sender>>();
  #size = 0;
  readonly #encoding: Encoding | undefined;

  constructor(encoding?: Encoding) {
    this.#encoding = encoding;
  }

  /** `address` as the socket gives it. */
  of(address: string, port: number): Sender {
    return this.#byAddress.get(address)?.get(port) ?? this.#remember(address, port);
  }

  #remember(address: string, port: number): Sender {
    if (this.#size >= MOST) {
      this.#byAddress = new Map();
      this.#size = 0;
    }
    const sender: Sender = { address: plainAddress(address), port, encoding: this.#encoding };
    const ports = this.#byAddress.get(address) ?? new Map<number, Sender>();
    this.#byAddress.set(address, ports.set(port, sender));
    this.#size += 1;
    return sender;
  }
}

/** Linux counts its own bookkeeping in: it grants, and reports, twice the size that was set. */
const REPORTED_PER_BYTE = platform() === 'linux' ? 2 : 1;

/**
 * Asks for `wanted` bytes of kernel memory for datagrams not read yet. Returns what there is now, in the same
 * measure: Linux silently grants no more than `net.core.rmem_max`, other systems refuse what is too large.
 */
export function growReceiveBuffer(socket: Socket, wanted: number): number {
  let asked = wanted;
  while (asked > 0 && !accepts(socket, asked)) asked = Math.floor(asked / 2);
  return socket.getRecvBufferSize() / REPORTED_PER_BYTE;
}

function accepts(socket: Socket, bytes: number): boolean {
  try {
    socket.setRecvBufferSize(bytes);
    return true;
  } catch {
    return false;
  }
}

/** What to do where the kernel grants less. */
export function receiveBufferRemedy(wanted: number): string {
  if (platform() !== 'linux')
    return 'allow larger socket buffers in this system, or set a smaller receiveBuffer';
  const setting = `net.core.rmem_max=${wanted}`;
  return (
    `as root on the host: sysctl -w ${setting}; to keep it after a restart: ` +
    `echo '${setting}' > /etc/sysctl.d/90-headcount.conf; then restart Headcount`
  );
}
