import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { hostAndPort } from '../src/core/host.ts';
import type { Intake, Receiver, ReceiverStats } from '../src/core/receiver.ts';
import { bindPlace } from './bind-place.ts';
import { LoggedCount, type ReceiverParts } from './receiver-log.ts';
import type { TcpConfig } from './tcp.schema.ts';
import { TcpConnections } from './tcp-connections.ts';
import { untilQuiet } from './until-quiet.ts';

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
  readonly #refused: LoggedCount;
  #server: Server | null = null;
  #connections: TcpConnections | null = null;
  #listening: string[] = [];
  #stopped: Promise<void> | null = null;

  constructor(config: TcpConfig, parts: ReceiverParts) {
    this.name = parts.name;
    this.#config = config;
    this.#parts = parts;
    this.#refused = new LoggedCount(parts, 'warn', 'TCP connection refused: maxConnections are open');
  }

  async start(intake: Intake): Promise<void> {
    const connections = new TcpConnections(this.#config, this.#parts, intake);
    const server = await bindPlace('tcp', this.#config, (address) => this.#listen(address, connections));
    server.on('error', (error) => connections.errors.add({ error: error.message }));
    this.#server = server;
    this.#connections = connections;
    const local = server.address() as AddressInfo;
    this.#listening = [hostAndPort(local.address, local.port)];
  }

  async #listen(address: string, connections: TcpConnections): Promise<Server> {
    const server = createServer(KEEP_ALIVE, (socket) => connections.add(socket));
    server.maxConnections = this.#config.maxConnections;
    server.on('drop', (connection) => this.#refused.add({ address: connection?.remoteAddress }));
    server.listen({ host: address, port: this.#config.port, ipv6Only: false });
    await once(server, 'listening');
    return server;
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    const [server, connections] = [this.#server, this.#connections];
    if (server === null || connections === null) return;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    await untilQuiet(() => connections.chunks);
    connections.close();
    await closed;
    this.#listening = [];
  }

  stats(): ReceiverStats {
    const connections = this.#connections;
    return {
      name: this.name,
      listening: this.#listening,
      received: connections?.received ?? 0,
      kernelDropped: null,
      connections: connections?.count ?? 0,
      refusedConnections: this.#refused.count,
      idleClosed: connections?.idleClosed ?? 0,
      socketErrors: connections?.errors.count ?? 0,
      waiting: connections?.waiting ?? false,
    };
  }
}
