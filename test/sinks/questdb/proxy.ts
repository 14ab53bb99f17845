import { once } from 'node:events';
import { Agent, createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Stands between a sink and a real QuestDB. As real ones do, it uses its connections to QuestDB again. */
export class QuestDbProxy {
  /** Runs before rows go on to QuestDB. */
  beforeWrite: () => Promise<void> = async () => {};
  /** QuestDB's answer to rows gets lost. */
  cutsAnswers = false;
  url = '';
  readonly #server: Server;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });

  private constructor(target: string) {
    this.#server = createServer(async (incoming, outgoing) => {
      const { url = '', method = '', headers } = incoming;
      const isWrite = url.startsWith('/write');
      if (isWrite) await this.beforeWrite();
      const kept = { ...headers, connection: 'keep-alive' };
      const onward = request(new URL(url, target), { method, headers: kept, agent: this.#agent });
      incoming.pipe(onward);
      const [answer] = await once(onward, 'response');
      if (isWrite && this.cutsAnswers) {
        answer.resume();
        outgoing.destroy();
        return;
      }
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
    this.#agent.destroy();
    await new Promise((closed) => this.#server.close(closed));
  }
}
