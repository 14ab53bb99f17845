import { constants, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { resolve } from 'node:path';
import { createSecureContext, createServer, type Server, type TLSSocket, type TlsOptions } from 'node:tls';
import { isDeepStrictEqual } from 'node:util';
import type { ReceiverParts } from '../../src/contract/receiver.ts';
import { plainAddress } from '../address.ts';
import { placed } from '../listen.ts';
import type { TcpConfig, TlsConfig } from './tcp.schema.ts';

/** What the files of `tls` say, in PEM. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
  readonly ca?: string;
}

/** The settings with paths that do not depend on where they are read; relative ones start from `folder`. */
export function tlsFrom(folder: string, config: TlsConfig): TlsConfig {
  const { cert, key, ca } = config;
  const files = { cert: resolve(folder, cert), key: resolve(folder, key) };
  return { ...config, ...files, ...(ca === undefined ? {} : { ca: resolve(folder, ca) }) };
}

/**
 * Reads certificate, key and authority.
 * @throws Error whose message names the file, also where certificate and key do not belong together
 */
export async function readTlsFiles(config: TlsConfig): Promise<TlsFiles> {
  const read = (key: 'cert' | 'key' | 'ca', file: string) =>
    readFile(file, 'utf8').catch((error: Error) => {
      throw new Error(`cannot read tls.${key}: ${error.message}`);
    });
  const [cert, key] = [await read('cert', config.cert), await read('key', config.key)];
  const files = config.ca === undefined ? { cert, key } : { cert, key, ca: await read('ca', config.ca) };
  checkCertificates('cert', config.cert, cert);
  if (config.ca !== undefined) checkCertificates('ca', config.ca, files.ca ?? '');
  try {
    createSecureContext(files);
  } catch (error) {
    throw new Error(`tls.cert ${config.cert} with tls.key ${config.key}: ${messageOf(error)}`);
  }
  return files;
}

/** When the certificate ends, in ISO 8601. */
export function validTo({ cert }: TlsFiles): string {
  return new Date(new X509Certificate(cert).validTo).toISOString();
}

/** That the certificate is no longer valid; null where it is. `now`: ms since 1970 UTC. */
export function expiryProblem(config: TlsConfig, files: TlsFiles, now: number): string | null {
  const end = validTo(files);
  return now <= Date.parse(end) ? null : `tls.cert ${config.cert}: expired on ${end}`;
}

/** An authority that cannot be read would be left out without a word. */
function checkCertificates(key: string, file: string, pem: string): void {
  const blocks = pem.match(
    /-----BEGIN [A-Z0-9 ]*CERTIFICATE-----[^-]*(?:-----END [A-Z0-9 ]*CERTIFICATE-----)?/g,
  );
  if (blocks === null) throw new Error(`tls.${key}: ${file} has no certificate in PEM`);
  try {
    for (const block of blocks) new X509Certificate(block);
  } catch (error) {
    throw new Error(`tls.${key}: ${file}: ${messageOf(error)}`);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

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

/** What is wrong with the files of `tls`, in the words of `start`; null where nothing is. Relative paths start from `folder`. */
export async function tcpProblem(config: TcpConfig, folder: string, now: number): Promise<string | null> {
  if (config.tls === undefined) return null;
  const tls = tlsFrom(folder, config.tls);
  try {
    const problem = expiryProblem(tls, await readTlsFiles(tls), now);
    return problem === null ? null : placed('tcp', config, problem);
  } catch (error) {
    return placed('tcp', config, error instanceof Error ? error.message : String(error));
  }
}
