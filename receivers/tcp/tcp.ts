import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { hostAndPort } from '../../src/contract/host.ts';
import {
  defineReceiver,
  type EventIntake,
  type Receiver,
  type ReceiverParts,
  type ReceiverStats,
} from '../../src/contract/receiver.ts';
import { plainAddress } from '../address.ts';
import { AllowList } from '../allow-list.ts';
import { bindPlace, LOOK_AGAIN_MS, placed, Refusals, untilQuiet } from '../listen.ts';
import { pathsFrom } from '../tls-files.ts';
import { TcpAdmission } from './admission.ts';
import { TcpConnections } from './connections.ts';
import { type TcpConfig, tcpSchema } from './tcp.schema.ts';
import { examineTls, TlsHandshakes } from './tls.ts';

/** Finds out about peers that vanished, long before the idle time-out does. */
const KEEP_ALIVE = { keepAlive: true, keepAliveInitialDelay: 60_000 };

/** Connections that are looked at although all places are taken. */
const MORE_CONNECTIONS = 64;

export interface TcpReceiver extends Receiver {
  lookAgain(): Promise<void>;
}

/** One message per frame of a connection. Connections wait while the journal is behind. */
export function createTcpReceiver(config: TcpConfig, parts: ReceiverParts): TcpReceiver {
  return new Tcp(config, parts);
}

export const tcpReceiver = defineReceiver({
  schema: tcpSchema,
  create: createTcpReceiver,
  listensOnTcp: true,
  examine: examineTls,
  notes: ({ tls }) => (tls === undefined ? [] : [`TLS, client certificates: ${tls.clientCertificates}`]),
});

class Tcp implements TcpReceiver {
  readonly name: string;
  readonly #config: TcpConfig;
  readonly #parts: ReceiverParts;
  readonly #refused = new Refusals();
  readonly #allowed: AllowList;
  readonly #admission: TcpAdmission;
  readonly #tls: TlsHandshakes | null;
  #server: Server | null = null;
  #connections: TcpConnections | null = null;
  #listening: string[] = [];
  #refreshTimer: NodeJS.Timeout | undefined;
  #stopped: Promise<void> | null = null;

  constructor(config: TcpConfig, parts: ReceiverParts) {
    this.name = parts.name;
    this.#config = config;
    this.#parts = parts;
    this.#allowed = new AllowList(config.allow, parts);
    this.#admission = new TcpAdmission(this.#allowed, config, this.#refused, parts);
    this.#tls =
      config.tls === undefined
        ? null
        : new TlsHandshakes(pathsFrom(parts.folder, config.tls), parts, (reason, address, detail) =>
            this.#admission.refuse(reason, address, detail),
          );
  }

  async start(intake: EventIntake): Promise<void> {
    const connections = new TcpConnections(this.#config, this.#parts, intake, this.#refused, this.#admission);
    try {
      await this.#startTls(connections);
      await this.#allowed.start();
      this.#server = await bindPlace('tcp', this.#config, (address) => this.#listen(address, connections));
    } catch (error) {
      connections.close();
      throw error;
    }
    this.#server.on('error', (error) => connections.errors.add({ error: error.message }));
    this.#connections = connections;
    const local = this.#server.address() as AddressInfo;
    this.#listening = [hostAndPort(local.address, local.port)];
    const again = this.#parts.lookAgainMs ?? LOOK_AGAIN_MS;
    this.#refreshTimer = setInterval(() => void this.lookAgain(), again).unref();
  }

  async #startTls(connections: TcpConnections): Promise<void> {
    try {
      await this.#tls?.start((socket) => connections.add(socket));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new Error(placed('tcp', this.#config, reason), { cause: error });
    }
  }

  async #listen(address: string, connections: TcpConnections): Promise<Server> {
    const server = createServer(KEEP_ALIVE, (socket) => this.#accept(socket, connections));
    // One that comes while all places are taken may still be let in, so the system lets some more through.
    server.maxConnections = this.#config.maxConnections + MORE_CONNECTIONS;
    server.on('drop', (connection) => {
      this.#admission.refuse('too_many_connections', plainAddress(connection?.remoteAddress ?? ''));
    });
    // Relays that all come back at once wait for their turn; the system has a limit of its own.
    const { port, maxConnections: backlog } = this.#config;
    server.listen({ host: address, port, backlog, ipv6Only: false });
    await once(server, 'listening');
    return server;
  }

  #accept(socket: Socket, connections: TcpConnections): void {
    if (!this.#admission.admit(socket)) return;
    if (this.#tls === null) connections.add(socket);
    else this.#tls.accept(socket);
  }

  async lookAgain(): Promise<void> {
    await Promise.all([this.#allowed.refresh(), this.#tls?.refresh()]);
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    clearInterval(this.#refreshTimer);
    const [server, connections] = [this.#server, this.#connections];
    if (server === null || connections === null) return;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    await untilQuiet(() => connections.chunks);
    connections.close();
    // Handshakes under way too.
    this.#admission.close();
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
      maxConnections: this.#config.maxConnections,
      heldBytes: connections?.held ?? 0,
      refusedConnections: this.#admission.refusedConnections,
      refused: this.#refused.counts,
      idleClosed: connections?.idleClosed ?? 0,
      slowClosed: connections?.slowClosed ?? 0,
      socketErrors: connections?.errors.count ?? 0,
      waiting: connections?.waiting ?? false,
      ...(this.#tls === null ? {} : { tls: this.#tls.stats }),
    };
  }
}
