import { readFileSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
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
 * Rejects where it cannot be written.
 */
export async function writeKeptNames(directory: string, { answeredAt, byId }: KeptNames): Promise<void> {
  const file = keptNamesFile(directory);
  const next = `${file}.next`;
  // Left over by a run that was killed.
  await rm(next, { force: true });
  const handle = await open(next, 'wx', 0o600);
  try {
    const apps = [...byId];
    await handle.writeFile(JSON.stringify({ answeredAt: new Date(answeredAt).toISOString(), apps }));
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(next, file);
}
