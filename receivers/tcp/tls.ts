import { constants } from 'node:crypto';
import type { Socket } from 'node:net';
import { createServer, type Server, type TLSSocket, type TlsOptions } from 'node:tls';
import type { ReceiverParts, SettingNote } from '../../src/contract/receiver.ts';
import { plainAddress } from '../address.ts';
import { examineTlsFiles, pathsFrom, RenewedTlsFiles, type TlsFiles, validTo } from '../tls-files.ts';
import type { TcpConfig, TlsConfig } from './tcp.schema.ts';

/** So long before a certificate ends its end is said. */
const AHEAD_MS = 30 * 86_400_000;

/** That the certificate is no longer valid; null where it is. `now`: ms since 1970 UTC. */
export function expiryProblem(config: TlsConfig, files: TlsFiles, now: number): string | null {
  const end = validTo(files.cert);
  return now <= Date.parse(end) ? null : `tls.cert ${config.cert}: expired on ${end}`;
}

/**
 * Resumed sessions would bring back what was checked under an earlier authority, and a renegotiation costs this side
 * more than the other. Relays stay connected: they need neither.
 */
const SECURE: TlsOptions = {
  minVersion: 'TLSv1.2',
  // Of TLS 1.2 only what authenticates what it encrypts, with keys that a stolen certificate does not give away.
  ciphers: [
    ...['TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256', 'TLS_AES_128_GCM_SHA256'],
    ...['ECDHE+AESGCM', 'ECDHE+CHACHA20'],
  ].join(':'),
  secureOptions: constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION,
};

/** Counts and logs a connection that is refused. */
type Refuse = (reason: string, address: string, error: string) => void;

/** Turns accepted connections into encrypted ones. It never listens itself. */
export class TlsHandshakes {
  readonly #config: TlsConfig;
  readonly #parts: ReceiverParts;
  readonly #refused: Refuse;
  readonly #files: RenewedTlsFiles;
  #server: Server | null = null;

  constructor(config: TlsConfig, parts: ReceiverParts, refused: Refuse) {
    this.#config = config;
    this.#parts = parts;
    this.#refused = refused;
    this.#files = new RenewedTlsFiles('tls', config, parts, (files) => {
      this.#server?.setSecureContext({ ...SECURE, ...files });
      this.#warnOfExpiry(files);
    });
  }

  /** `trouble`: why the files as they are now are not used. */
  get stats(): object {
    const { current, trouble } = this.#files;
    return { validTo: current === null ? null : validTo(current.cert), trouble };
  }

  /** @throws Error with a message for people where the files are of no use */
  async start(opened: (socket: TLSSocket) => void): Promise<void> {
    const files = await this.#files.read();
    this.#warnOfExpiry(files);
    const server = createServer({
      ...SECURE,
      ...files,
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
    return this.#files.refresh();
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

/** What is wrong with the files of `tls`. Relative paths start from `folder`. */
export async function examineTls(config: TcpConfig, folder: string, now: number): Promise<SettingNote[]> {
  if (config.tls === undefined) return [];
  const tls = pathsFrom(folder, config.tls);
  const { files, problems } = await examineTlsFiles('tls', tls);
  const expiry = files === null ? null : expiryProblem(tls, files, now);
  const found = expiry === null ? problems : [{ key: 'cert', text: expiry }];
  const notes = found.map(({ key, text }) => ({ path: ['tls', key], text, isProblem: true }));
  if (files === null || expiry !== null) return notes;
  const end = validTo(files.cert);
  if (Date.parse(end) - now >= AHEAD_MS) return notes;
  return [{ path: ['tls', 'cert'], text: `tls.cert ${tls.cert}: expires on ${end}`, isProblem: false }];
}
