import { once } from 'node:events';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Stands between a sink and a real QuestDB. */
export class QuestDbProxy {
  /** Runs before rows go on to QuestDB. */
  beforeWrite: () => Promise<void> = async () => {};
  /** QuestDB's answer to rows gets lost. */
  cutsAnswers = false;
  url = '';
  readonly #server: Server;

  private constructor(target: string) {
    this.#server = createServer(async (incoming, outgoing) => {
      const { url = '', method = '', headers } = incoming;
      const isWrite = url.startsWith('/write');
      if (isWrite) await this.beforeWrite();
      const onward = request(new URL(url, target), { method, headers });
      incoming.pipe(onward);
      const [answer] = await once(onward, 'response');
      if (isWrite && this.cutsAnswers) return void outgoing.destroy();
      outgoing.writeHead(answer.statusCode, answer.headers);
      answer.pipe(outgoing);
    });
  }

  static async listen(target: string): Promise<QuestDbProxy> {
    const proxy = new QuestDbProxy(target);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    proxy.url = `http://127.0.0.1:${(proxy.#server.address() as AddressInfo).port}`;
    return proxy;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((closed) => this.#server.close(closed));
  }
}
