import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { SHAPES } from '../../sinks/questdb/shapes.ts';
import { TABLES } from '../../src/contract/sink.ts';

export type Reply = (response: ServerResponse, body: string) => void;

/** What is not QuestDB, or misbehaves as the real one does only when it breaks. Knows our tables, and takes all rows. */
export class FarSide {
  readonly requests: { readonly method: string; readonly path: string; readonly authorization: string }[] =
    [];
  /** Bodies of `/write`, in order. */
  readonly written: string[] = [];
  onWrite: Reply = (response) => answer(response, 204);
  /** Whether its tables have the keys that they must have. */
  hasKeys = true;
  /** Answers a statement in place of the real answer, where it returns true. */
  onQuery: (response: ServerResponse, sql: string) => boolean = () => false;
  port = 0;
  url = '';
  readonly #server: Server;

  private constructor(tls: { readonly key: string; readonly cert: string } | null) {
    const listener: RequestListener = (request, response) => void this.#answer(request, response);
    this.#server = tls === null ? createServer(listener) : createTlsServer(tls, listener);
  }

  static async listen(
    options: { readonly tls?: { readonly key: string; readonly cert: string }; readonly host?: string } = {},
  ): Promise<FarSide> {
    const side = new FarSide(options.tls ?? null);
    side.#server.listen(0, options.host ?? '127.0.0.1');
    await once(side.#server, 'listening');
    side.port = (side.#server.address() as AddressInfo).port;
    side.url = options.tls === undefined ? `http://127.0.0.1:${side.port}` : `https://localhost:${side.port}`;
    return side;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((closed) => this.#server.close(closed));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://far.side');
    const { method = '', headers } = request;
    this.requests.push({ method, path: pathname, authorization: headers.authorization ?? '' });
    const chunks: Buffer[] = await request.toArray().catch(() => []);
    if (pathname.endsWith('/write')) {
      const body = Buffer.concat(chunks).toString();
      this.written.push(body);
      this.onWrite(response, body);
      return;
    }
    const sql = searchParams.get('query') ?? '';
    if (!this.onQuery(response, sql)) answer(response, 200, JSON.stringify(this.#answerTo(sql)));
  }

  /** As QuestDB 9.3 answers what the sink asks, with all tables as they must be. */
  #answerTo(sql: string): unknown {
    if (sql.includes('FROM pg_class')) {
      const state = [false, true, 0, 365, 'DAY', this.written.length];
      return { dataset: TABLES.map((table, index) => [table, index + 1, ...state]) };
    }
    const table = TABLES.find((name) => sql.includes(`table_columns('${name}')`));
    if (table !== undefined) {
      const { columns, keys, time } = SHAPES[table];
      const isKey = (name: string) => this.hasKeys && keys.includes(name);
      return { dataset: columns.map(([name, type]) => [name, type, isKey(name), name === time]) };
    }
    return sql.startsWith('SELECT') ? { dataset: [] } : { ddl: 'OK' };
  }
}

export function answer(response: ServerResponse, status: number, body = ''): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(body);
}
