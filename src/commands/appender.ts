import { existsSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { isHost } from '../contract/host.ts';
import { type AppenderTemplate, appenderTemplate } from './appender-template.ts';
import { type CommandIo, EXIT_USAGE } from './command-io.ts';

export interface AppenderOptions {
  readonly template: AppenderTemplate;
  /** Where Headcount is: an IP address, or a name that the node can resolve. */
  readonly host: string;
  readonly port: number;
}

interface Arguments {
  readonly host?: string;
  readonly port: string;
  readonly butlerSos?: true;
  readonly peer?: true;
  readonly service: string;
  readonly output?: string;
}

const HELP = `
The file belongs in C:\\ProgramData\\Qlik\\Sense\\Proxy of every node with a proxy
service, that of the repository service in ...\\Sense\\Repository of every node.

Examples:
  headcount appender --host 192.0.2.10 --output LocalLogConfig.xml
  headcount appender --host 192.0.2.10 --service repository
  headcount appender --host 192.0.2.10 --butler-sos
`;

/** `headcount appender`: prints or writes the `LocalLogConfig.xml` that makes a Sense node send its user events. */
export function registerAppender(program: Command, io: CommandIo): void {
  program
    .command('appender')
    .description('print the LocalLogConfig.xml for a Qlik Sense node')
    .option('--host <host>', 'where the node finds Headcount; an IP address is better than a name')
    .option('--port <port>', 'UDP port of Headcount', '9997')
    .option('--butler-sos', 'use the layouts that Butler SOS reads too, not our own')
    // What it was called before.
    .addOption(new Option('--peer').hideHelp())
    .option('--service <service>', 'proxy: sessions and connections; repository: rejected sessions', 'proxy')
    .option('--output <file>', 'write it to a new file in UTF-8, which ">" of PowerShell does not')
    .addHelpText('after', HELP)
    .action((given: Arguments) => {
      const options = readArguments(given);
      const problem = typeof options === 'string' ? options : outputProblem(given, io);
      if (typeof options === 'string' || problem !== null) {
        io.stderr(`headcount appender: ${problem}\n`);
        return io.setExitCode(EXIT_USAGE);
      }
      if (given.output === undefined) return io.stdout(appenderXml(options));
      // `wx`: whatever has come there since stays as it is.
      writeFileSync(resolve(io.cwd, given.output), appenderXml(options), { flag: 'wx' });
      io.stderr(`${given.output}: written; ${placeOf(options)}\n`);
    });
}

function outputProblem({ output }: Arguments, { cwd }: CommandIo): string | null {
  if (output === undefined || !existsSync(resolve(cwd, output))) return null;
  return `--output: ${output} is there already; remove it first or merge into it`;
}

/** Where the file belongs, for people. */
function placeOf({ template }: AppenderOptions): string {
  const folder = template === 'repository' ? 'Repository' : 'Proxy';
  return `it belongs at C:\\ProgramData\\Qlik\\Sense\\${folder}\\LocalLogConfig.xml of every node with that service`;
}

/** What was asked for, or what is wrong with it. */
function readArguments({ host, port, service, ...given }: Arguments): AppenderOptions | string {
  if (host === undefined) return '--host is missing: the address at which the node finds Headcount';
  if (!isHost(host)) return `--host: expected an IP address or a host name, got ${JSON.stringify(host)}`;
  const number = /^\d{1,5}$/.test(port) ? Number(port) : 0;
  if (number < 1 || number > 65535) return `--port: expected integer 1-65535, got ${JSON.stringify(port)}`;
  if (service !== 'proxy' && service !== 'repository') {
    return `--service: expected proxy or repository, got ${JSON.stringify(service)}`;
  }
  const isButlerSos = given.butlerSos === true || given.peer === true;
  if (isButlerSos && service === 'repository') {
    return '--butler-sos: that layout has no rejected sessions; leave out --butler-sos for the repository';
  }
  return { template: isButlerSos ? 'butler-sos' : service, host, port: number };
}

/** A finished `LocalLogConfig.xml`. The host is escaped, whatever it is. */
export function appenderXml({ template, host, port }: AppenderOptions): string {
  const values: Readonly<Record<string, string>> = { HOST: escapeXml(host), PORT: String(port) };
  return appenderTemplate(template).replace(/@(HOST|PORT)@/g, (_mark, name: string) => values[name] ?? '');
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => ENTITIES[char] ?? char);
}
