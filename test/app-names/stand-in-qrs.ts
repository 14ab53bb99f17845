import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { qrsSchema } from '../../src/app-names/qrs.schema.ts';
import { senseFile } from '../receivers/qps/stand-in.ts';

/** What a stand-in may be told to do instead of answering well. */
export type Fault = 'hang' | 'reset' | 'cut' | { readonly status: number } | { readonly body: string };

/** The far side of `apps.qrs`: the list of apps of a repository service, over mutual TLS with real certificates. */
export class StandInQrs {
  apps: readonly unknown[] = [];
  fault: Fault | null = null;
  readonly keys: string[] = [];
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
    this.#server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
  }

  /** Listens on loopback; port 0 is any. */
  static async start(certificate = 'server', port = 0): Promise<StandInQrs> {
    const standIn = new StandInQrs(certificate);
    standIn.#server.listen(port, '127.0.0.1');
    await once(standIn.#server, 'listening');
    return standIn;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    const closed = new Promise((done) => this.#server.close(done));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { pathname, searchParams } = new URL(request.url ?? '', 'https://sense1');
    const key = searchParams.get('xrfkey') ?? '';
    this.keys.push(key);
    const isKnown =
      /^[A-Za-z0-9]{16}$/.test(key) &&
      request.headers['x-qlik-xrfkey'] === key &&
      request.headers['x-qlik-user'] === 'UserDirectory=INTERNAL; UserId=sa_api';
    const body = JSON.stringify(this.apps);
    if (this.fault === 'hang') return;
    if (this.fault === 'reset') request.socket.destroy();
    else if (this.fault === 'cut') {
      response.writeHead(200, { 'content-length': body.length });
      response.write(body.slice(0, -5), () => request.socket.destroy());
    } else if (this.fault !== null && 'status' in this.fault) response.writeHead(this.fault.status).end('no');
    else if (!isKnown) response.writeHead(403).end('<html>no</html>');
    else if (pathname !== '/qrs/app') response.writeHead(404).end();
    else response.writeHead(200, { 'content-type': 'application/json' }).end(this.fault?.body ?? body);
  }
}

/** Settings that reach a stand-in. */
export function settingsFor({ port }: { readonly port: number }, more: object = {}) {
  return qrsSchema.parse({
    host: '127.0.0.1',
    port,
    servername: 'sense1',
    certificates: { cert: senseFile('client'), key: senseFile('client_key'), ca: senseFile('root') },
    ...more,
  });
}

/** An app as QRS lists it, as far as it matters. */
export function app(id: string, name: unknown): object {
  return { id, createdDate: '2026-01-01T00:00:00.000Z', name, appId: '', published: true, stream: null };
}
