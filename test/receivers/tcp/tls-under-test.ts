import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { closedAfterwards } from './under-test.ts';

type Case = 'localhost' | 'renewed' | 'clients' | 'foreign-clients';

/** A file of a folder `test/cases/tls-...`. */
export function pemFile(folder: Case, file: 'certificate' | 'key' | 'ca'): string {
  return resolve(import.meta.dirname, `../../cases/tls-${folder}/${file}.pem`);
}

export function pem(folder: Case, file: 'certificate' | 'key' | 'ca'): string {
  return readFileSync(pemFile(folder, file), 'utf8');
}

export const SERVER_FILES = { cert: pemFile('localhost', 'certificate'), key: pemFile('localhost', 'key') };

/** A relay that checks whom it talks to. */
export const TRUSTING = { ca: [pem('localhost', 'certificate'), pem('renewed', 'certificate')] };

/** Of a client with a certificate of that authority. */
export function certificateOf(folder: 'clients' | 'foreign-clients'): ConnectionOptions {
  return { cert: pem(folder, 'certificate'), key: pem(folder, 'key') };
}

export async function openTlsClient(port: number, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const client = closedAfterwards(connect({ port, host: '127.0.0.1', ...TRUSTING, ...options }));
  await once(client, 'secureConnect');
  return client;
}
