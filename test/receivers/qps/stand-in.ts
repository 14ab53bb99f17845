import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { resolve } from 'node:path';

export type Row = Readonly<Record<string, unknown>>;

/** What a stand-in may be told to do instead of answering well. */
export type Fault =
  | 'hang'
  | 'reset'
  | 'reset once'
  | 'slow'
  | 'half'
  | 'cut'
  | 'empty'
  | 'redirect'
  | { readonly status: number }
  | { readonly body: string | Buffer };

/** A file of `test/cases/tls-sense`: certificates of a Sense site whose node is called `sense1`. */
export function senseFile(name: string): string {
  return resolve(import.meta.dirname, `../../cases/tls-sense/${name}.pem`);
}

/** Who has a session, as QPS says it. */
export function row(userId: string, sessionId = `session of ${userId}`, more: Row = {}): Row {
  return {
    UserDirectory: 'LAB',
    UserId: userId,
    Attributes: [{ group: 'all' }],
    SessionId: sessionId,
    ...more,
  };
}

/** The far side of polls: the session list of a proxy service, over mutual TLS with real certificates. */
export class StandInQps {
  /** Rows by prefix, `` for the default virtual proxy. Others are not known. */
  readonly sessions = new Map<string, readonly Row[]>([['', []]]);
  /** By prefix, or `*` for all. */
  readonly faults = new Map<string, Fault>();
  readonly paths: string[] = [];
  readonly keys: string[] = [];
  connections = 0;
  underWay = 0;
  mostAtOnce = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(certificate: string) {
    this.#server = createServer(
      {
        cert: readFileSync(senseFile(certificate)),
        key: readFileSync(senseFile(`${certificate}_key`)),
        ca: readFileSync(senseFile('root')),
        requestCert: true,
        rejectUnauthorized: true,
      },
      (request, response) => this.#answer(request, response),
    );
    this.#server.on('secureConnection', () => {
      this.connections += 1;
    });
    this.#server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
  }

  /** Listens on loopback; port 0 is any. */
  static async start(certificate = 'server', port = 0): Promise<StandInQps> {
    const standIn = new StandInQps(certificate);
    standIn.#server.listen(port, '127.0.0.1');
    await once(standIn.#server, 'listening');
    return standIn;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Ends the connections that are open now. */
  disconnect(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async stop(): Promise<void> {
    const closed = new Promise((done) => this.#server.close(done));
    this.disconnect();
    await closed;
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    this.underWay += 1;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.underWay);
    response.on('close', () => {
      this.underWay -= 1;
    });
    const url = new URL(request.url ?? '', 'https://sense1');
    this.paths.push(url.pathname);
    const key = url.searchParams.get('Xrfkey') ?? '';
    this.keys.push(key);
    const prefix = /^\/qps\/(?:(.*)\/)?session$/.exec(url.pathname)?.[1] ?? '';
    const fault = this.faults.get(prefix) ?? this.faults.get('*');
    const rows = this.sessions.get(prefix);
    const isGoodKey = /^[A-Za-z0-9]{16}$/.test(key) && request.headers['x-qlik-xrfkey'] === key;
    if (fault !== undefined) this.#fail(fault, request, response);
    else if (!isGoodKey) end(response, 403);
    else if (rows === undefined) end(response, 404);
    else send(response, JSON.stringify(rows));
  }

  #fail(fault: Fault, request: IncomingMessage, response: ServerResponse): void {
    if (typeof fault === 'object') {
      if ('status' in fault) end(response, fault.status);
      else send(response, fault.body);
      return;
    }
    const rows = JSON.stringify([row('anna'), row('bert')]);
    switch (fault) {
      case 'hang':
        break;
      case 'reset once':
        this.faults.clear();
        request.socket.destroy();
        break;
      case 'reset':
        request.socket.destroy();
        break;
      case 'empty':
        send(response, '');
        break;
      case 'redirect':
        response.writeHead(302, { location: `https://127.0.0.1:${this.port}/qps/session` }).end();
        break;
      case 'slow': {
        // A blank now and then: never silent, and never done.
        response.writeHead(200);
        const timer = setInterval(() => response.write(' '), 20);
        response.on('close', () => clearInterval(timer));
        break;
      }
      case 'half':
        send(response, rows.slice(0, -20));
        break;
      case 'cut':
        response.writeHead(200, { 'content-length': rows.length });
        response.write(rows.slice(0, 50), () => request.socket.destroy());
        break;
    }
  }
}

function end(response: ServerResponse, status: number): void {
  response.writeHead(status, { 'content-type': 'text/html' }).end('<html>no</html>');
}

function send(response: ServerResponse, body: string | Buffer): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(body);
}
