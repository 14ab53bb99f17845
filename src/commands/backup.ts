import { chmodSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Command } from 'commander';
import { type CommandIo, EXIT_USAGE } from './command-io.ts';

const BUSY_MS = 10_000;

const HELP = `
It may be called while Headcount runs. To put it back, stop Headcount, move the
store away, and put the files in its place.

Example:
  headcount backup /var/lib/headcount /var/backups/headcount/monday
`;

/** `headcount backup`: copies a store while it is in use. */
export function registerBackup(program: Command, io: CommandIo): void {
  program
    .command('backup')
    .description('copy a store, also while it is in use')
    .argument('<store>', 'folder of the store, as store.path has it')
    .argument('<folder>', 'where to; it must not be there yet')
    .addHelpText('after', HELP)
    .action((store: string, folder: string) => {
      const copied = backUp(resolve(io.cwd, store), resolve(io.cwd, folder));
      if (typeof copied !== 'string') return io.stdout(copied.map((file) => `${file}\n`).join(''));
      io.stderr(`${copied}\n`);
      return io.setExitCode(EXIT_USAGE);
    });
}

/**
 * Copies each database of the store into a new folder that only its owner can read. Returns the copies, or why there can be none.
 *
 * @throws what the disk says
 */
export function backUp(store: string, folder: string): string[] | string {
  if (!existsSync(store)) return `${store}: there is no such store`;
  // `delivery.db` before `headcount.db`: a copy that believes too little was sent sends it again, which does no harm.
  const files = readdirSync(store)
    .filter((name) => name.endsWith('.db'))
    .sort();
  if (!files.includes('headcount.db')) return `${store}: there is no headcount.db`;
  if (existsSync(folder)) return `${folder} is there already; name a folder that is not there yet`;
  mkdirSync(folder, { mode: 0o700 });
  return files.map((name) => {
    const copy = join(folder, name);
    const database = new DatabaseSync(join(store, name), { timeout: BUSY_MS });
    // One moment of the store, whole, while Headcount goes on writing. SQLite's backup (`.backup`) would begin anew
    // whenever Headcount commits, and that is every second.
    database.prepare('VACUUM INTO ?').run(copy);
    database.close();
    chmodSync(copy, 0o600);
    return copy;
  });
}
