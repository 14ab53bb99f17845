import { backUp } from '../src/commands/backup.ts';

/* What `headcount backup` does, for whoever calls it by this name. */
const EXIT_USAGE = 64;

const [store, folder, ...others] = process.argv.slice(2);
if (store === undefined || folder === undefined || others.length > 0) {
  process.stderr.write('usage: node service/backup.ts STORE FOLDER   (FOLDER must not be there yet)\n');
  process.exit(EXIT_USAGE);
}
try {
  const copied = backUp(store, folder);
  if (typeof copied === 'string') {
    process.stderr.write(`${copied}\n`);
    process.exitCode = EXIT_USAGE;
  } else {
    process.stdout.write(copied.map((file) => `${file}\n`).join(''));
  }
} catch (error) {
  process.stderr.write(`no backup: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
