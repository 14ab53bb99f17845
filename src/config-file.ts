import { lstatSync, readFileSync, statSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { ConfigError } from './config-errors.ts';

const MAX_BYTES = 4 * 1024 ** 2;

/** The file to read, or null when none was named and the folder has no `config.yaml`. */
export function findConfigFile(path: string | null, cwd: string): string | null {
  if (path !== null) return isAbsolute(path) ? path : join(cwd, path);
  const usual = join(cwd, 'config.yaml');
  // Not `existsSync`: a link that leads nowhere must fail loudly instead of giving the defaults.
  return lstatSync(usual, { throwIfNoEntry: false }) === undefined ? null : usual;
}

/** The text of a file, or a ConfigError of one line; `shownAs` is what the message calls it. */
export function readConfigFile(file: string, shownAs: string): string {
  let bytes: Uint8Array;
  try {
    const found = statSync(file);
    if (found.isDirectory()) throw new ConfigError([`${shownAs}: is a directory, expected a file`]);
    if (found.size > MAX_BYTES) throw new ConfigError([`${shownAs}: larger than 4 MiB`]);
    bytes = readFileSync(file);
  } catch (error) {
    throw error instanceof ConfigError ? error : new ConfigError([`${shownAs}: ${whyUnreadable(error)}`]);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    const utf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
    throw new ConfigError([`${shownAs}:1:1 ${utf16 ? 'UTF-16 text' : 'not UTF-8 text'}, save it as UTF-8`]);
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such file',
  EACCES: 'no permission to read it',
  EPERM: 'no permission to read it',
  ELOOP: 'links that lead in a circle',
};

function whyUnreadable(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  return REASONS[code] ?? `cannot be read (${code})`;
}
