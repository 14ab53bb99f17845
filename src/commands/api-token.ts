import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { CommandIo } from './command-io.ts';

/** How a command can be told a token. */
export interface TokenArguments {
  readonly token?: string;
  readonly tokenFile?: string;
}

/**
 * The token to show to the API: the one given, else that of the file, else that of the environment, else null.
 * @throws Error of one line where the file cannot be read or is empty
 */
export function readToken({ token, tokenFile }: TokenArguments, { cwd, env }: CommandIo): string | null {
  if (token !== undefined) return token;
  if (tokenFile === undefined) return env['HEADCOUNT_TOKEN'] || null;
  const text = readTokenFile(tokenFile, cwd);
  if (text === '') throw new Error(`--token-file: ${tokenFile} is empty`);
  return text;
}

function readTokenFile(file: string, cwd: string): string {
  try {
    return readFileSync(resolve(cwd, file), 'utf8').trim();
  } catch (error) {
    throw new Error(`--token-file: ${error instanceof Error ? error.message : String(error)}`);
  }
}
