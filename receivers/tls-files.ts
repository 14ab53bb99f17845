import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { createSecureContext } from 'node:tls';
import type { TlsConfig } from './tcp.schema.ts';

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
