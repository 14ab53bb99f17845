import type { Command } from 'commander';
import { loadConfig } from '../config/config.ts';
import { renameStore } from '../delivery/delivery-file.ts';
import { lockStore } from '../journal/journal-file.ts';
import { giveNewIdentity } from '../journal/new-identity.ts';
import { CONFIG_OPTION, type CommandIo } from './command-io.ts';

const HELP = `
For a copy of a store whose twin goes on elsewhere, such as that of a cloned
machine, and for a backup that was put back after more had been delivered. Both
would write under the same name, and over each other's rows. Stop it first.

What sinks have had stays under the old name. What is delivered from now on goes
by the new one.
`;

/** `headcount new-identity`: a copied store gets a name of its own. */
export function registerNewIdentity(program: Command, io: CommandIo): void {
  program
    .command('new-identity')
    .description('give a copied store a name of its own, so that its twin is not written over')
    .option(...CONFIG_OPTION)
    .addHelpText('after', HELP)
    .action(({ config }: { config?: string }) => {
      const { path } = loadConfig(config ?? null, io.cwd, io.env).store;
      const unlock = lockStore(path);
      try {
        const identity = giveNewIdentity(path);
        if (identity === null) {
          io.stdout(`${path}: there is no store yet; it gets a name of its own when Headcount starts\n`);
          return;
        }
        renameStore(path, identity);
        io.stdout(`${path}: the store was ${identity.before} and is ${identity.now} from now on\n`);
      } finally {
        unlock();
      }
    });
}
