import { chmodSync, closeSync, mkdirSync, openSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** The folder of the store cannot be made or is none. The message names the key of the configuration. */
export class StoreFolderError extends Error {}

const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;
/** What is ours in the folder: other files in it are somebody else's to look after. */
const OURS =
  /^(?:headcount\.db|delivery.*\.db|headcount\.lock|apps-qrs\.json)(?:-wal|-shm|-journal|\.next)?$/;

/**
 * Makes the folder of the store where it is missing. It tells who used which app, so nobody but its owner may read it, whatever
 * the umask is; what an earlier version left readable is closed, too. A folder that others put files into keeps its rights.
 * @throws StoreFolderError
 */
export function makeStoreFolder(directory: string): void {
  try {
    makeFolder(directory);
    if (!statSync(directory).isDirectory()) throw new Error('it is a file');
    const names = readdirSync(directory);
    if (names.every((name) => OURS.test(name))) close(directory, FOLDER_MODE);
    for (const name of names.filter((each) => OURS.test(each))) close(join(directory, name), FILE_MODE);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new StoreFolderError(`store.path ${directory} cannot be the folder of the store: ${reason}`);
  }
}

/** One folder after the other: where one cannot be made, as below /proc, Node's own `recursive` tries it for ever. */
function makeFolder(directory: string): void {
  if (statSync(directory, { throwIfNoEntry: false }) !== undefined) return;
  const above = dirname(directory);
  if (above !== directory) makeFolder(above);
  mkdirSync(directory, FOLDER_MODE);
}

/** Makes an empty file that only its owner may read, where there is none. SQLite gives the files beside a database the same rights. */
export function makePrivateFile(file: string): void {
  closeSync(openSync(file, 'a', FILE_MODE));
  close(file, FILE_MODE);
}

/** Takes rights away from others. Where it is not ours, or the disk knows no rights, whoever gave them decides. */
function close(path: string, mode: number): void {
  const { mode: before } = statSync(path);
  if ((before & 0o077) === 0) return;
  try {
    chmodSync(path, mode);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null;
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'EROFS') {
      throw new Error(`${basename(path)}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}
