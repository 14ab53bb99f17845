import { type Logger, pino } from 'pino';
import pretty from 'pino-pretty';
import type { CommandIo } from './commands/command-io.ts';
import type { Config } from './config.ts';

/** Log lines on standard output: JSON, or for people where that is a terminal. */
export function createLog(settings: Config['log'], io: CommandIo): Logger {
  const forPeople = settings.format === 'pretty' || (settings.format === 'auto' && io.terminal);
  const options = { level: settings.level, base: null, timestamp: pino.stdTimeFunctions.isoTime };
  if (!forPeople) return pino(options, { write: io.stdout });
  return pino(options, pretty({ sync: true, ignore: 'pid,hostname', translateTime: 'SYS:HH:MM:ss' }));
}
