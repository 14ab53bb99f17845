import { constants } from 'node:crypto';
import type { Socket } from 'node:net';
import { createServer, type Server, type TLSSocket, type TlsOptions } from 'node:tls';
import { isDeepStrictEqual } from 'node:util';
import { plainAddress } from './plain-address.ts';
import type { ReceiverParts } from './receiver-log.ts';
import type { TlsConfig } from './tcp.schema.ts';
import { expiryProblem, readTlsFiles, type TlsFiles, validTo } from './tls-files.ts';

/**
 * Resumed sessions would bring back what was checked under an earlier authority, and a renegotiation costs this side
 * more than the other. Relays stay connected: they need neither.
 */
const SECURE: TlsOptions = {
  minVersion: 'TLSv1.2',
  secureOptions: constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION,
};

/** Counts and logs a connection that is refused. */
type Refuse = (reason: string, address: string, error: string) => void;

/** Turns accepted connections into encrypted ones. It never listens itself. */
export class TlsHandshakes {
  readonly #config: TlsConfig;
  readonly #parts: ReceiverParts;
  readonly #refused: Refuse;
  #server: Server | null = null;
  #files: TlsFiles | null = null;
  #trouble: string | null = null;
  #refreshing: Promise<void> | null = null;

  constructor(config: TlsConfig, parts: ReceiverParts, refused: Refuse) {
    this.#config = config;
    this.#parts = parts;
    this.#refused = refused;
  }

  /** `trouble`: why the files as they are now are not used. */
  get stats(): object {
    return { validTo: this.#files === null ? null : validTo(this.#files), trouble: this.#trouble };
  }

  /** @throws Error with a message for people where the files are of no use */
  async start(opened: (socket: TLSSocket) => void): Promise<void> {
    this.#files = await readTlsFiles(this.#config);
    this.#warnOfExpiry(this.#files);
    const server = createServer({
      ...SECURE,
      ...this.#files,
      requestCert: this.#config.clientCertificates !== 'none',
      // Refused below instead, where it can be counted why.
      rejectUnauthorized: false,
      handshakeTimeout: this.#config.handshakeTimeout,
    });
    server.on('secureConnection', (socket) => {
      const reason = this.#clientProblem(socket);
      if (reason === null) return opened(socket);
      this.#refuse(reason, socket, String(socket.authorizationError ?? ''));
    });
    server.on('tlsClientError', (error: NodeJS.ErrnoException, socket) => {
      this.#refuse(handshakeProblem(error), socket, error.message);
    });
    this.#server = server;
  }

  accept(socket: Socket): void {
    this.#server?.emit('connection', socket);
  }

  /** Takes renewed files. Broken ones change nothing: whoever writes them may not be ready. */
  refresh(): Promise<void> {
    this.#refreshing ??= this.#refresh().finally(() => {
      this.#refreshing = null;
    });
    return this.#refreshing;
  }

  async #refresh(): Promise<void> {
    const { log, name: receiver } = this.#parts;
    try {
      const files = await readTlsFiles(this.#config);
      this.#trouble = null;
      if (isDeepStrictEqual(files, this.#files)) return;
      this.#server?.setSecureContext({ ...SECURE, ...files });
      this.#files = files;
      log.info({ receiver, validTo: validTo(files) }, 'TLS certificate renewed');
      this.#warnOfExpiry(files);
    } catch (error) {
      const trouble = error instanceof Error ? error.message : String(error);
      if (trouble === this.#trouble) return;
      this.#trouble = trouble;
      log.warn({ receiver, error: trouble }, 'TLS certificate not renewed, the old one stays in use');
    }
  }

  /** No reason not to use it: there are clients that do not check. */
  #warnOfExpiry(files: TlsFiles): void {
    const { log, name: receiver, now } = this.#parts;
    const error = expiryProblem(this.#config, files, now());
    if (error !== null)
      log.warn({ receiver, error }, 'clients that check the TLS certificate will not connect');
  }

  #clientProblem(socket: TLSSocket): string | null {
    const { clientCertificates } = this.#config;
    if (clientCertificates === 'none') return null;
    // Asked for first: `authorized` may be true without one.
    const hasNone = socket.getPeerX509Certificate() === undefined;
    if (hasNone) return clientCertificates === 'require' ? 'no_client_certificate' : null;
    return socket.authorized ? null : 'bad_client_certificate';
  }

  #refuse(reason: string, socket: TLSSocket, error: string): void {
    // The address is gone where the other side has left.
    this.#refused(reason, plainAddress(socket.remoteAddress ?? ''), error);
    socket.destroy();
  }
}

function handshakeProblem({ code }: NodeJS.ErrnoException): string {
  if (code === 'ERR_TLS_HANDSHAKE_TIMEOUT') return 'tls_too_slow';
  return code === 'ECONNRESET' ? 'tls_unfinished' : 'tls_failed';
}
