import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { NamesById } from '../contract/app-names.ts';

/** Names as last heard of, for a start at which nobody can be asked. */
export interface KeptNames {
  /** When the question was asked, ms since 1970 UTC. */
  readonly answeredAt: number;
  readonly byId: NamesById;
}

const keptSchema = z.object({
  answeredAt: z.iso.datetime(),
  apps: z.array(z.tuple([z.string().min(1), z.string().min(1)])),
});

export function keptNamesFile(directory: string): string {
  return join(directory, 'apps-qrs.json');
}

/**
 * Null where there are none.
 * @throws Error where the file cannot be read or is not one of ours
 */
export function readKeptNames(directory: string): KeptNames | null {
  let text: string;
  try {
    text = readFileSync(keptNamesFile(directory), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  const { answeredAt, apps } = keptSchema.parse(JSON.parse(text));
  return { answeredAt: Date.parse(answeredAt), byId: new Map(apps) };
}

/**
 * Writes all of it or nothing: whoever reads sees the file before or the one after. Only the owner may read it.
 * @throws Error where it cannot be written
 */
export function writeKeptNames(directory: string, { answeredAt, byId }: KeptNames): void {
  const file = keptNamesFile(directory);
  const next = `${file}.next`;
  rmSync(next, { force: true });
  const descriptor = openSync(next, 'wx', 0o600);
  try {
    writeFileSync(
      descriptor,
      JSON.stringify({ answeredAt: new Date(answeredAt).toISOString(), apps: [...byId] }),
    );
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(next, file);
}
