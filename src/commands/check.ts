import type { Command } from 'commander';
import { atTheirPlaces, type Config, ConfigError, loadConfig, MissingFilesError } from '../config/config.ts';
import { examineConfig } from '../config/examine.ts';
import { findConfigFile } from '../config/files.ts';
import { fitConnections, readOpenFilesLimit } from '../config/open-files.ts';
import { receiverNotes } from '../config/receivers.ts';
import { hostAndPort, isLoopback } from '../contract/host.ts';
import { isListening, type ListenSettings } from '../contract/receiver.ts';
import { formatDuration, formatSize } from '../contract/settings.ts';
import { CONFIG_OPTION, type CommandIo } from './command-io.ts';

/** EX_CONFIG of sysexits: something is wrong with the configuration. */
const EXIT_CONFIG = 78;
const OPEN = 'open to the network';

const HELP = `
Nothing is started, and no port is opened. Files that it names are read, and it
tries whether a folder can be made where the store is to be.

Example:
  headcount check --config /etc/headcount/config.yaml

Exit codes: 0, it can be started with; 78, the configuration is wrong.
`;

/** `headcount check`: says everything that is wrong with a configuration, or what it would do. */
export function registerCheck(program: Command, io: CommandIo, now: () => number): void {
  program
    .command('check')
    .description('check a configuration file: all problems at once, or what it would listen to')
    .option(...CONFIG_OPTION)
    .addHelpText('after', HELP)
    .action(async ({ config = null }: { config?: string | null }) => {
      try {
        const missing: string[] = [];
        const loaded = loadConfigWithout(missing, config, io);
        const notes = await examineConfig(loaded, now());
        const linesOf = (isProblem: boolean) =>
          atTheirPlaces(
            config,
            io.cwd,
            notes.filter((note) => note.isProblem === isProblem),
          );
        const problems = [...missing, ...linesOf(true)];
        // In the order of the file.
        if (problems.length > 0)
          throw new ConfigError(problems.toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true })));
        const found = findConfigFile(config, io.cwd) !== null;
        const name = config ?? 'config.yaml';
        io.stdout(`${found ? `${name}: ok` : `no ${name} here, the defaults apply: ok`}\n${summary(loaded)}`);
        const { shortage } = fitConnections(loaded, readOpenFilesLimit());
        const known = [...linesOf(false), ...(shortage === null ? [] : [shortage])];
        for (const line of known) io.stdout(`  to know: ${line}\n`);
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error;
        io.stderr(`${error.problems.join('\n')}\n`);
        io.setExitCode(EXIT_CONFIG);
      }
    });
}

/** The configuration, without the files that it names and that cannot be read: what is wrong with them is added to `missing`. */
function loadConfigWithout(missing: string[], path: string | null, io: CommandIo): Config {
  try {
    return loadConfig(path, io.cwd, io.env);
  } catch (error) {
    if (!(error instanceof MissingFilesError)) throw error;
    missing.push(...error.problems);
    return error.config;
  }
}

function summary({ receivers, blacklist, sessions, apps: { qrs }, store, sinks, api }: Config): string {
  const tokens = api.tokens.map(({ name, scopes }) => `${name} (${scopes.join(', ')})`);
  const sinkTypes = sinks.map(({ type }: { readonly type: string }) => type);
  const lines = [
    `receives on ${receivers.map(wayIn).join(', ') || 'nothing'}`,
    `answers on http://${address(api.host, api.port)}${isLoopback(api.host) ? '' : ` (${OPEN})`}`,
    ...(api.hosts.length > 0 ? [`answers to the names ${api.hosts.join(', ')}`] : []),
    ...(tokens.length > 0 ? [`API tokens: ${tokens.join(', ')}`] : []),
    `keeps ${formatDuration(store.retention)}, at most ${formatSize(store.maxSize)}, in ${store.path}`,
    `sends to ${sinkTypes.join(', ') || 'no sink'}; blacklist rules: ${blacklist.length}`,
    ...(qrs === null
      ? []
      : [`asks ${address(qrs.host, qrs.port)} for names of apps every ${formatDuration(qrs.interval)}`]),
    `ends a session ${formatDuration(sessions.timeout + sessions.grace)} after its last activity`,
  ];
  return lines.map((line) => `  ${line}\n`).join('');
}

/** Of one receiver: where it listens and who may send, if it does; and what its kind has to say. */
function wayIn(receiver: Config['receivers'][number]): string {
  const place = isListening(receiver) ? ` ${address(receiver.host, receiver.port)}` : '';
  const notes = [...(isListening(receiver) ? whoMaySend(receiver) : []), ...receiverNotes(receiver)];
  return `${receiver.type.toUpperCase()}${place}${notes.length > 0 ? ` (${notes.join('; ')})` : ''}`;
}

function whoMaySend({ host, allow }: ListenSettings): string[] {
  if (allow.length > 0) return [`allow: ${allow.length} ${allow.length === 1 ? 'entry' : 'entries'}`];
  return isLoopback(host) ? [] : [OPEN];
}

function address(host: string, port: number): string {
  return port === 0 ? `${hostAndPort(host, port)} (any free port)` : hostAndPort(host, port);
}
