import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { Sender } from '../src/core/event.ts';
import { hostAndPort } from '../src/core/host.ts';
import type { Intake, Receiver, ReceiverStats } from '../src/core/receiver.ts';
import { LoggedCount, type ReceiverParts } from './receiver-log.ts';
import type { TcpConfig } from './tcp.schema.ts';
import { Frames } from './tcp-frames.ts';
import { plainAddress } from './tcp-udp-address.ts';
import { bindPlace } from './tcp-udp-bind.ts';
import { untilQuiet } from './tcp-udp-quiet.ts';

/** Finds out about peers that vanished, long before the idle time-out does. */
const KEEP_ALIVE = { keepAlive: true, keepAliveInitialDelay: 60_000 };

/** One message per line of a connection. Connections wait while the journal is behind. */
export function createTcpReceiver(config: TcpConfig, parts: ReceiverParts): Receiver {
  return new Tcp(config, parts);
}

class Tcp implements Receiver {
  readonly name: string;
  readonly #config: TcpConfig;
  readonly #parts: ReceiverParts;
  readonly #connections = new Map<Socket, Frames>();
  readonly #refused: LoggedCount;
  readonly #errors: LoggedCount;
  #server: Server | null = null;
  #listening: string[] = [];
  #received = 0;
  #chunks = 0;
  #idleClosed = 0;
  /** Nothing is read until the journal has caught up. */
  #waiting = false;
  #stopped: Promise<void> | null = null;

  constructor(config: TcpConfig, parts: ReceiverParts) {
    this.name = parts.name;
    this.#config = config;
    this.#parts = parts;
    this.#refused = new LoggedCount(parts, 'warn', 'TCP connection refused: maxConnections are open');
    this.#errors = new LoggedCount(parts, 'info', 'error on a TCP socket');
  }

  async start(intake: Intake): Promise<void> {
    const server = await bindPlace('tcp', this.#config, (address) => this.#listen(address, intake));
    this.#server = server;
    server.on('error', (error) => this.#errors.add({ error: error.message }));
    const local = server.address() as AddressInfo;
    this.#listening = [hostAndPort(local.address, local.port)];
  }

  async #listen(address: string, intake: Intake): Promise<Server> {
    const server = createServer(KEEP_ALIVE, (socket) => this.#accept(socket, intake));
    server.maxConnections = this.#config.maxConnections;
    server.on('drop', (connection) => this.#refused.add({ address: connection?.remoteAddress }));
    server.listen({ host: address, port: this.#config.port, ipv6Only: false });
    await once(server, 'listening');
    return server;
  }

  #accept(socket: Socket, intake: Intake): void {
    const { remoteAddress, remotePort = 0 } = socket;
    socket.on('error', (error) => this.#errors.add({ address: remoteAddress, error: error.message }));
    if (remoteAddress === undefined) {
      // Reset before it was accepted.
      socket.destroy();
      return;
    }
    const frames = this.#framesOf({ address: plainAddress(remoteAddress), port: remotePort }, intake);
    this.#connections.set(socket, frames);
    socket.on('close', () => this.#drop(socket, frames));
    socket.on('timeout', () => {
      this.#idleClosed += 1;
      socket.destroy();
    });
    if (this.#waiting) socket.pause();
    else socket.setTimeout(this.#config.idleTimeout);
    socket.on('end', () => frames.end());
    socket.on('data', (chunk) => {
      this.#chunks += 1;
      frames.push(chunk);
    });
  }

  #framesOf(sender: Sender, intake: Intake): Frames {
    return new Frames(this.#config.maxFrame, {
      frame: (bytes) => {
        this.#received += 1;
        if (!intake.receive(bytes, sender, this.#parts.now())) this.#wait(intake);
      },
      refuse: (reason) => {
        this.#received += 1;
        intake.refuse(reason);
      },
    });
  }

  #wait(intake: Intake): void {
    if (this.#waiting) return;
    this.#waiting = true;
    for (const socket of this.#connections.keys()) {
      socket.pause();
      socket.setTimeout(0);
    }
    void intake.drained().then(() => this.#resume());
  }

  #resume(): void {
    this.#waiting = false;
    for (const socket of this.#connections.keys()) {
      socket.setTimeout(this.#config.idleTimeout);
      socket.resume();
    }
  }

  /** The intake hears nothing more of this connection. */
  #drop(socket: Socket, frames: Frames): void {
    if (!this.#connections.delete(socket)) return;
    socket.removeAllListeners('data').removeAllListeners('end');
    // Of a connection that had to wait, something may have been read and not handed over.
    const rest: Buffer | null = socket.read();
    if (rest !== null) frames.push(rest);
    frames.cut();
    socket.destroy();
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    const server = this.#server;
    if (server === null) return;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    await untilQuiet(() => this.#chunks);
    for (const [socket, frames] of this.#connections) this.#drop(socket, frames);
    await closed;
    this.#listening = [];
  }

  stats(): ReceiverStats {
    return {
      name: this.name,
      listening: this.#listening,
      received: this.#received,
      kernelDropped: null,
      connections: this.#connections.size,
      refusedConnections: this.#refused.count,
      idleClosed: this.#idleClosed,
      socketErrors: this.#errors.count,
      waiting: this.#waiting,
    };
  }
}
