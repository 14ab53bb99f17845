import { readFileSync, writeFileSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import type { Command } from 'commander';
import { importButlerSos } from '../butler-sos/import.ts';
import { ConfigError, parseConfig } from '../config/config.ts';
import type { CommandIo } from './command-io.ts';

const HELP = `
What is printed is a beginning. At its end stands every key of the file that was
not taken, by what takes its place. A file that is there is not written over.

Examples:
  headcount import-butler-sos production.yaml --output config.yaml
  headcount check --config config.yaml
`;

/** `headcount import-butler-sos FILE`: a configuration of Butler SOS, versions 9 to 15, as one of Headcount. */
export function registerImportButlerSos(program: Command, io: CommandIo): void {
  program
    .command('import-butler-sos')
    .description('print a configuration made of that of Butler SOS')
    .argument('<file>', 'its configuration, versions 9 to 15')
    .option('--output <file>', 'write it to a file in UTF-8, which ">" of PowerShell does not')
    .addHelpText('after', HELP)
    .action(async (file: string, { output }: { readonly output?: string }) => {
      const made = madeOf(file, io);
      if (made === null) return;
      if (output === undefined) await io.print(made);
      // What is there may be the configuration of a running Headcount.
      else writeFileSync(resolve(io.cwd, output), made, { flag: 'wx' });
      try {
        parseConfig(made, 'config.yaml', io.cwd, io.env);
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error;
        io.stderr(
          `What was printed is not taken as it is, so mend this before you use it:\n${error.message}\n`,
        );
        io.setExitCode(1);
      }
    });
}

function madeOf(file: string, io: CommandIo): string | null {
  try {
    return importButlerSos(readFileSync(resolve(io.cwd, file), 'utf8'), basename(file));
  } catch (error) {
    io.stderr(
      `headcount import-butler-sos: ${file}: ${error instanceof Error ? error.message : String(error)}\n`,
    );
    io.setExitCode(1);
    return null;
  }
}
