import { randomBytes } from 'node:crypto';
import type { Command } from 'commander';
import type { CommandIo } from './command-io.ts';

const TOKEN_BYTES = 32;

const HELP = `
It has 256 random bits in 43 characters, and nothing else is printed. To put one
into a variable for "token: \${HEADCOUNT_READ_TOKEN}" of the configuration:

  bash        export HEADCOUNT_READ_TOKEN=$(npm run --silent headcount -- token)
  PowerShell  $env:HEADCOUNT_READ_TOKEN = npm run --silent headcount -- token
`;

/** `headcount token`: a fresh token for `api.tokens`. */
export function registerToken(program: Command, io: CommandIo): void {
  program
    .command('token')
    .description('print a new random token for the API')
    .addHelpText('after', HELP)
    .action(() => io.stdout(`${randomBytes(TOKEN_BYTES).toString('base64url')}\n`));
}
