import { renameSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { stringify } from 'csv-stringify/sync';
import { createXrfKey } from '../app-names/app-names.ts';
import { type QrsConfig, qrsSchema } from '../app-names/qrs.schema.ts';
import { fetchAppNames } from '../app-names/qrs.ts';
import { loadConfig } from '../config/config.ts';
import { hostName, whole } from '../simulator/options.ts';
import { CONFIG_OPTION, type CommandIo, EXIT_USAGE } from './command-io.ts';

const HELP = `
QRS, the API of the repository service, is asked with the certificates that the
QMC exports. With --host the configuration is not read.

Examples:
  headcount apps --output apps.csv              as "apps.qrs" says
  headcount apps --host sense1 --output apps.csv
  headcount apps --host 10.1.0.21 --servername sense1 --cert client.pem
      --key client_key.pem --ca root.pem
`;

interface Arguments {
  readonly config?: string;
  readonly host?: string;
  readonly port?: number;
  readonly servername?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly ca?: string;
  readonly output?: string;
}

/** `headcount apps`: the names of apps as QRS tells them, as CSV that `apps.file` reads. */
export function registerApps(program: Command, io: CommandIo): void {
  program
    .command('apps')
    .description('print the ids and names of all apps of a Sense site as CSV')
    .option(...CONFIG_OPTION)
    .option('--host <host>', 'node with the repository service', hostName)
    .option('--port <port>', 'its port for QRS (default: 4242)', whole(1, 65535))
    .option('--servername <name>', 'the name in its certificate, where that is another', hostName)
    .option('--cert <file>', 'client certificate (default: client.pem)')
    .option('--key <file>', 'its private key (default: client_key.pem)')
    .option('--ca <file>', 'root certificate of the site (default: root.pem)')
    .option('--output <file>', 'write it to a file in UTF-8, which ">" of PowerShell does not')
    .addHelpText('after', HELP)
    .action((given: Arguments) => printApps(given, io));
}

async function printApps(given: Arguments, io: CommandIo): Promise<void> {
  const source = sourceOf(given, io);
  if (typeof source === 'string') {
    io.stderr(`headcount apps: ${source}\n`);
    io.setExitCode(EXIT_USAGE);
    return;
  }
  const { settings, folder } = source;
  const signal = AbortSignal.any([io.signal, AbortSignal.timeout(settings.timeout)]);
  const names = await fetchAppNames({ settings, folder, key: createXrfKey(), signal });
  // No name is changed for a spreadsheet's sake: it is to be read again as it is.
  const csv = stringify([['id', 'name'], ...names]);
  if (given.output === undefined) return io.print(csv);
  const file = resolve(io.cwd, given.output);
  // A running Headcount may look at it at any moment.
  writeFileSync(`${file}.next`, csv);
  renameSync(`${file}.next`, file);
  io.stderr(`${given.output}: ${names.size} apps\n`);
}

/** Whom to ask, or what is missing. */
function sourceOf(
  given: Arguments,
  io: CommandIo,
): { readonly settings: QrsConfig; readonly folder: string } | string {
  const { host, port, servername, cert, key, ca } = given;
  if (host === undefined) {
    if ([port, servername, cert, key, ca].some((each) => each !== undefined)) return 'say --host as well';
    const { apps, folder } = loadConfig(given.config ?? null, io.cwd, io.env);
    return apps.qrs === null
      ? 'the configuration has no "apps.qrs"; say --host'
      : { settings: apps.qrs, folder };
  }
  const parsed = qrsSchema.safeParse(
    defined({ host, port, servername, certificates: defined({ cert, key, ca }) }),
  );
  if (parsed.success) return { settings: parsed.data, folder: io.cwd };
  const [issue] = parsed.error.issues;
  return `--${issue?.path.join('.')}: ${issue?.message}`;
}

function defined(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
