import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

const EXIT_USAGE = 64;
const BUSY_MS = 10_000;

const [store, folder, ...others] = process.argv.slice(2);
if (store === undefined || folder === undefined || others.length > 0) {
  process.stderr.write('usage: node service/backup.ts STORE FOLDER   (FOLDER must not be there yet)\n');
  process.exit(EXIT_USAGE);
}
try {
  const problem = backUp(store, folder);
  if (problem !== null) {
    process.stderr.write(`${problem}\n`);
    process.exitCode = EXIT_USAGE;
  }
} catch (error) {
  process.stderr.write(`no backup: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

/** Copies each database of the store into a new folder. Returns why it cannot, null where it did; throws what the disk says. */
function backUp(store: string, folder: string): string | null {
  if (!existsSync(store)) return `${store}: there is no such store`;
  // `delivery.db` before `headcount.db`: a copy that believes too little was sent sends it again, which does no harm.
  const files = readdirSync(store)
    .filter((name) => name.endsWith('.db'))
    .sort();
  if (!files.includes('headcount.db')) return `${store}: there is no headcount.db`;
  if (existsSync(folder)) return `${folder} is there already; name a folder that is not there yet`;
  process.umask(0o077);
  mkdirSync(folder);
  for (const file of files) {
    const database = new DatabaseSync(join(store, file), { timeout: BUSY_MS });
    // One moment of the store, whole, while Headcount goes on writing. SQLite's backup (`.backup`) would begin anew
    // whenever Headcount commits, and that is every second.
    database.prepare('VACUUM INTO ?').run(join(folder, file));
    database.close();
    process.stdout.write(`${join(folder, file)}\n`);
  }
  return null;
}
