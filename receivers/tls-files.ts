import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { createSecureContext } from 'node:tls';
import { isDeepStrictEqual } from 'node:util';
import type { ReceiverParts } from '../src/contract/receiver.ts';

/** Where certificate, key and authority are, in PEM. */
export interface TlsPaths {
  readonly cert: string;
  readonly key: string;
  readonly ca?: string | undefined;
}

/** What these files say. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
  readonly ca?: string;
}

/** What is wrong with one of the files; the text names setting and file. */
export interface TlsFileProblem {
  readonly key: keyof TlsPaths;
  readonly text: string;
}

/** The settings with paths that do not depend on where they are read; relative ones start from `folder`. */
export function pathsFrom<P extends TlsPaths>(folder: string, paths: P): P {
  const { cert, key, ca } = paths;
  const files = { cert: resolve(folder, cert), key: resolve(folder, key) };
  return { ...paths, ...files, ...(ca === undefined ? {} : { ca: resolve(folder, ca) }) };
}

/**
 * Reads certificate, key and authority. `setting` is the key of the configuration above them.
 * @throws Error whose message names the file, also where certificate and key do not belong together
 */
export async function readTlsFiles(setting: string, paths: TlsPaths): Promise<TlsFiles> {
  const { files, problems } = await examineTlsFiles(setting, paths);
  if (files === null) throw new Error(problems[0]?.text);
  return files;
}

/** Reads the same, and finds everything that is wrong with them; `files` is null where something is. */
export async function examineTlsFiles(
  setting: string,
  paths: TlsPaths,
): Promise<{ readonly files: TlsFiles | null; readonly problems: readonly TlsFileProblem[] }> {
  const problems: TlsFileProblem[] = [];
  const read = async (key: keyof TlsPaths): Promise<string> => {
    try {
      const pem = await readFile(paths[key] ?? '', 'utf8');
      const problem = key === 'key' ? keyProblem(pem) : certificateProblem(pem);
      if (problem !== null) problems.push({ key, text: `${setting}.${key}: ${paths[key]}${problem}` });
      return pem;
    } catch (error) {
      problems.push({ key, text: `cannot read ${setting}.${key}: ${messageOf(error)}` });
      return '';
    }
  };
  const pair = { cert: await read('cert'), key: await read('key') };
  const files = paths.ca === undefined ? pair : { ...pair, ca: await read('ca') };
  if (problems.length > 0) return { files: null, problems };
  try {
    createSecureContext(files);
  } catch (error) {
    const text = `${setting}.cert ${paths.cert} with ${setting}.key ${paths.key}: ${messageOf(error)}`;
    return { files: null, problems: [{ key: 'key', text }] };
  }
  return { files, problems };
}

function keyProblem(pem: string): string | null {
  // `ENCRYPTED PRIVATE KEY`, or the older `Proc-Type: 4,ENCRYPTED`.
  if (!/\bENCRYPTED\b/.test(pem)) return null;
  return ' is encrypted; export it without a password, or decrypt it with "openssl pkey -in FILE -out FILE"';
}

/** An authority that cannot be read would be left out without a word. */
function certificateProblem(pem: string): string | null {
  const blocks = pem.match(
    /-----BEGIN [A-Z0-9 ]*CERTIFICATE-----[^-]*(?:-----END [A-Z0-9 ]*CERTIFICATE-----)?/g,
  );
  if (blocks === null) return ' has no certificate in PEM';
  try {
    for (const block of blocks) new X509Certificate(block);
    return null;
  } catch (error) {
    return `: ${messageOf(error)}`;
  }
}

/** When the first certificate of a text ends, in ISO 8601. */
export function validTo(pem: string): string {
  return new Date(new X509Certificate(pem).validTo).toISOString();
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Files that somebody renews while the program runs. Broken ones change nothing: whoever writes them may not be ready. */
export class RenewedTlsFiles {
  /** As last read without a problem; null before. */
  current: TlsFiles | null = null;
  /** Why the files as they are now are not used. */
  trouble: string | null = null;
  readonly #setting: string;
  readonly #paths: TlsPaths;
  readonly #parts: ReceiverParts;
  readonly #use: (files: TlsFiles) => void;
  #refreshing: Promise<void> | null = null;

  /** `use`: called with files that differ from the current ones, by `refresh` only. */
  constructor(setting: string, paths: TlsPaths, parts: ReceiverParts, use: (files: TlsFiles) => void) {
    this.#setting = setting;
    this.#paths = paths;
    this.#parts = parts;
    this.#use = use;
  }

  /** @throws Error with a message for people where the files are of no use */
  async read(): Promise<TlsFiles> {
    this.current = await readTlsFiles(this.#setting, this.#paths);
    return this.current;
  }

  /** Takes files that have changed. Never rejects. */
  refresh(): Promise<void> {
    this.#refreshing ??= this.#refresh().finally(() => {
      this.#refreshing = null;
    });
    return this.#refreshing;
  }

  async #refresh(): Promise<void> {
    const { log, name: receiver } = this.#parts;
    const isFirst = this.current === null;
    try {
      const files = await readTlsFiles(this.#setting, this.#paths);
      this.trouble = null;
      if (isDeepStrictEqual(files, this.current)) return;
      if (!isFirst) log.info({ receiver, validTo: validTo(files.cert) }, 'TLS certificate renewed');
      this.current = files;
      this.#use(files);
    } catch (error) {
      const trouble = messageOf(error);
      if (trouble === this.trouble) return;
      this.trouble = trouble;
      const what = isFirst
        ? 'TLS files cannot be used'
        : 'TLS certificate not renewed, the old one stays in use';
      log.warn({ receiver, error: trouble }, what);
    }
  }
}
