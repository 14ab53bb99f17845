import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** Stands before a server, and can go silent: connections stay, and nothing gets through any more. */
export class SilentProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #isSilent = false;
  /** What a client sends is lost where this holds it. */
  loses: (text: string) => boolean = () => false;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** `isLast`: goes silent before it passes on what a client sends, where that holds it. */
  static async before(port: number, isLast: (text: string) => boolean = () => false): Promise<SilentProxy> {
    const server = createServer();
    const proxy = new SilentProxy(server);
    server.on('connection', (client) => {
      const far = connect(port, '127.0.0.1');
      for (const [from, to] of [
        [client, far],
        [far, client],
      ] as const) {
        proxy.#sockets.add(from);
        from.on('data', (bytes) => {
          if (from === client && proxy.loses(bytes.toString('latin1'))) return;
          if (from === client && isLast(bytes.toString('latin1'))) proxy.goSilent();
          if (!proxy.#isSilent) to.write(bytes);
        });
        from.on('error', () => {});
        from.on('close', () => {
          proxy.#sockets.delete(from);
          if (!proxy.#isSilent) to.destroy();
        });
      }
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return proxy;
  }

  get url(): string {
    return `nats://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  goSilent(): void {
    this.#isSilent = true;
  }

  /** What was said meanwhile is lost, and so are the connections. */
  heal(): void {
    this.#isSilent = false;
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
