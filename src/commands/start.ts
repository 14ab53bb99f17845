import { type StatsListener, unwatchFile, watchFile } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Command } from 'commander';
import type { Logger } from 'pino';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { type App, startApp } from '../app.ts';
import { type Config, ConfigError, loadConfig } from '../config/config.ts';
import { findConfigFile } from '../config/files.ts';
import { readOpenFilesLimit } from '../config/open-files.ts';
import { isListening } from '../contract/receiver.ts';
import { CONFIG_OPTION, type CommandIo, createLog } from './command-io.ts';

/** How often the configuration file, and the file with names of apps, is looked at. */
const WATCH_MS = 1_000;
/** A configuration that could not be taken is tried again: a file that it names may come, or be readable again. */
const RELOAD_AGAIN_MS = 5_000;
/** After so long without a line, say what to check. */
const SILENCE_MS = 60_000;

const HELP = `
It stops on Ctrl-C or SIGTERM. The configuration is read again when its file
changes or on SIGHUP; the log says which changes wait for the next start.

Exit codes: 0, it was stopped; 1, it failed; 78, the configuration is wrong.
`;

export function registerStart(program: Command, io: CommandIo, version: string): void {
  program
    .command('start')
    .description('receive events, count and answer, until stopped')
    .option(...CONFIG_OPTION)
    .addHelpText('after', HELP)
    .action(({ config }: { config?: string }) => start(config ?? null, io, version));
}

/** Runs until `io.signal` is aborted. */
async function start(configPath: string | null, io: CommandIo, version: string): Promise<void> {
  const config = loadConfig(configPath, io.cwd, io.env);
  const log = createLog(config.log, io);
  const failing = new AbortController();
  const onFailed = (): void => {
    io.setExitCode(1);
    failing.abort();
  };
  const app = await startApp({
    config,
    log,
    now: Date.now,
    version,
    print: io.print,
    processMetrics: createProcessMetrics(),
    openFilesLimit: readOpenFilesLimit(),
    onFailed,
  });
  greet(app, config, log);
  const silence = setTimeout(() => warnOfSilence(app, log), SILENCE_MS);
  const unwatch = followConfig(configPath, config, app, log, io);
  await new Promise<void>((resolve) => {
    const ending = AbortSignal.any([io.signal, failing.signal]);
    if (ending.aborted) resolve();
    ending.addEventListener('abort', () => resolve(), { once: true });
  });
  log.info('stopping');
  clearTimeout(silence);
  unwatch();
  await app.stop();
  log.info('stopped');
}

function greet(app: App, config: Config, log: Logger): void {
  for (const { type, host, allow } of config.receivers.filter(isListening)) {
    if (type === 'udp' && allow.length === 0 && (host === '::' || host === '0.0.0.0')) {
      log.info(
        'UDP is open to the network: Sense nodes send to it; restrict it with "allow" or the firewall',
      );
    }
  }
  log.info(
    `who is on right now: ${app.listening.api}/ is the live page, ${app.listening.api}/api/v1/counts the numbers`,
  );
}

function warnOfSilence(app: App, log: Logger): void {
  if (app.pipeline.counters.received > 0) return;
  log.warn(
    { listening: app.listening },
    'no line in the first minute. Check: LocalLogConfig.xml lies on the node (npm run headcount -- appender --host ' +
      'THIS_ADDRESS), its address and port are these, UDP is open in both firewalls, someone has logged in since. Whether lines get here at all: npm run headcount -- send-test',
  );
}

/** Reloads when the file or the names of apps beside it change, or on SIGHUP; a broken file changes nothing. */
function followConfig(
  configPath: string | null,
  loaded: Config,
  app: App,
  log: Logger,
  io: CommandIo,
): () => void {
  /** What ends the watching of each file. */
  const watched = new Map<string, () => void>();
  const watch = (file: string): void => {
    if (!watched.has(file)) watched.set(file, watchForChanges(file, WATCH_MS, reload));
  };
  let hadFile = findConfigFile(configPath, io.cwd) !== null;
  let again: NodeJS.Timeout | undefined;
  let failedOf: string | null = null;
  /** Says each failure once. */
  const failed = (problem: object, message: string): void => {
    const text = JSON.stringify(problem);
    if (text !== failedOf) log.error(problem, `${message}; it is tried again every 5 s`);
    failedOf = text;
    again = setTimeout(reload, RELOAD_AGAIN_MS).unref();
  };
  const reload = (): void => {
    clearTimeout(again);
    const hasFile = findConfigFile(configPath, io.cwd) !== null;
    if (hadFile && !hasFile) {
      log.warn('config.yaml is gone; what it said stays until it is back or Headcount is started again');
      return;
    }
    hadFile = hasFile;
    try {
      const config = loadConfig(configPath, io.cwd, io.env);
      if (config.apps.file !== null) watch(config.apps.file);
      app.reload(config).then(
        () => {
          failedOf = null;
        },
        (error: unknown) => failed({ error: String(error) }, 'reload failed'),
      );
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      failed({ problems: error.problems }, 'the changed configuration has errors; the old one stays');
    }
  };
  const stopListening = io.onReload(reload);
  // Also while there is none: it may come.
  watch(findConfigFile(configPath, io.cwd) ?? join(io.cwd, 'config.yaml'));
  if (loaded.apps.file !== null) watch(loaded.apps.file);
  if (hasChanged(configPath, loaded, io)) reload();
  return () => {
    clearTimeout(again);
    stopListening();
    for (const unwatch of watched.values()) unwatch();
  };
}

/** Calls `changed` when the file has other content, has come or has gone; returns what ends that. */
export function watchForChanges(file: string, everyMs: number, changed: () => void): () => void {
  const looked: StatsListener = (current, previous) => {
    // Node tells once of a file that is not there, too.
    const isAbsent = current.nlink === 0 && previous.nlink === 0;
    // An editor may empty the file before it writes it: an empty one must not let excluded users in.
    const isEmptied = current.size === 0 && current.nlink > 0;
    if (!isAbsent && !isEmptied) changed();
  };
  watchFile(file, { interval: everyMs }, looked);
  return () => unwatchFile(file, looked);
}

/** Whether the file was edited between its reading and its being watched. */
function hasChanged(configPath: string | null, loaded: Config, io: CommandIo): boolean {
  try {
    return !isDeepStrictEqual(loadConfig(configPath, io.cwd, io.env), loaded);
  } catch {
    return true;
  }
}

/**
 * CPU, memory, event loop and garbage collection, under the names that the usual dashboards for Node know. To be called
 * once in a process: what the library begins to watch it watches until the process ends.
 */
export function createProcessMetrics(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return registry;
}
