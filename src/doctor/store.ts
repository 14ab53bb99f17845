import { access, constants, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Config } from '../config/config.ts';
import { type Finding, fail, ok, warn } from './finding.ts';

/** With less than this the store may stop any minute. */
const LEAST_FREE_BYTES = 100 * 1_000_000;
const FILES = ['headcount.db', 'headcount.db-wal', 'delivery.db'];

/** Whether the store may be written, how large it is, and whether the disk has room for what it may become. */
export async function lookAtStore({ path, maxSize }: Config['store']): Promise<Finding[]> {
  const folder = await nearestFolder(path);
  try {
    if (!(await stat(folder)).isDirectory()) throw new Error(`${folder} is a file`);
    await access(folder, constants.W_OK);
    const { bavail, bsize } = await statfs(folder);
    const sizes = await Promise.all(FILES.map((file) => sizeOf(join(path, file))));
    return roomFor(
      path,
      sizes.reduce((sum, size) => sum + size, 0),
      bavail * bsize,
      maxSize,
    );
  } catch (error) {
    const text = `the store ${path} cannot be used: ${(error as Error).message}`;
    return [fail('store', text, 'let the user of Headcount write there, or set "store.path"')];
  }
}

/** `size`: what the store has now; `free`: what the disk has left. All in bytes. */
export function roomFor(path: string, size: number, free: number, maxSize: number): Finding[] {
  const has = `the store ${path} has ${readable(size)} of ${readable(maxSize)}`;
  const left = `the disk has ${readable(free)} free`;
  const remedy = 'make room on the disk, or lower "store.maxSize"';
  const disk = free < LEAST_FREE_BYTES ? fail('disk', left, remedy) : diskOf(size, free, maxSize, left);
  if (size <= maxSize) return [ok('store', has), disk];
  const held = `${has}: rows that a sink has yet to get hold up what would be deleted`;
  return [warn('store', held, 'look at the sinks below'), disk];
}

function diskOf(size: number, free: number, maxSize: number, left: string): Finding {
  const growth = Math.max(0, maxSize - size);
  if (free >= growth) return ok('disk', `${left}, enough for "store.maxSize"`);
  const text = `${left}, and the store may grow by ${readable(growth)}`;
  return warn('disk', text, 'make room on the disk, or lower "store.maxSize"');
}

/** The folder itself or, where it is not there yet, the one in which it would be made. */
async function nearestFolder(path: string): Promise<string> {
  for (let folder = path; ; folder = dirname(folder)) {
    if ((await stat(folder).catch(() => null)) !== null || dirname(folder) === folder) return folder;
  }
}

async function sizeOf(file: string): Promise<number> {
  return (await stat(file).catch(() => null))?.size ?? 0;
}

function readable(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, bytes)) / 3)));
  return `${Number((bytes / 1000 ** power).toPrecision(3))} ${units[power]}`;
}
