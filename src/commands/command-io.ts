import { type Logger, pino } from 'pino';
import pretty from 'pino-pretty';
import type { Config } from '../config/config.ts';

/** EX_USAGE of sysexits: the command was called in a way it does not have. */
export const EXIT_USAGE = 64;

/** The flags and the description of the option that most commands have. */
export const CONFIG_OPTION = [
  '--config <file>',
  'configuration file (default: config.yaml in this folder, if any)',
] as const;

/** What a command may touch of the process it runs in; `main.ts` hands in the real one. */
export interface CommandIo {
  readonly stdout: (text: string) => void;
  /** The same, resolved when it is out: whoever reads may be slow, or gone. Never rejects. */
  readonly print: (text: string) => Promise<void>;
  readonly stderr: (text: string) => void;
  readonly setExitCode: (code: number) => void;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Whether standard output is a terminal. */
  readonly terminal: boolean;
  /** How wide standard error is now; null where it is no terminal. */
  readonly stderrColumns: () => number | null;
  /** Calls back when asked to read the configuration again; returns what ends that. */
  readonly onReload: (reload: () => void) => () => void;
  /** Aborted on Ctrl-C. */
  readonly signal: AbortSignal;
}

/** Log lines on standard output: JSON, or for people where that is a terminal. */
export function createLog(settings: Config['log'], io: CommandIo): Logger {
  const forPeople = settings.format === 'pretty' || (settings.format === 'auto' && io.terminal);
  const options = { level: settings.level, base: null, timestamp: pino.stdTimeFunctions.isoTime };
  // Words: whoever reads JSON knows no numbers of ours. The one for people needs the numbers.
  if (!forPeople)
    return pino({ ...options, formatters: { level: (level) => ({ level }) } }, { write: io.stdout });
  return pino(options, pretty({ sync: true, ignore: 'pid,hostname', translateTime: 'SYS:HH:MM:ss' }));
}
