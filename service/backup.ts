import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

const EXIT_USAGE = 64;
const BUSY_MS = 10_000;

const [store, folder, ...others] = process.argv.slice(2);
if (store === undefined || folder === undefined || others.length > 0) {
  process.stderr.write('usage: node service/backup.ts STORE FOLDER   (FOLDER must not be there yet)\n');
  process.exit(EXIT_USAGE);
}
// `delivery.db` before `headcount.db`: a copy that believes too little was sent sends it again, which does no harm.
const files = readdirSync(store)
  .filter((name) => name.endsWith('.db'))
  .sort();
if (!files.includes('headcount.db')) {
  process.stderr.write(`${store}: there is no headcount.db\n`);
  process.exit(EXIT_USAGE);
}
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
