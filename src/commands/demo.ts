import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { startApp } from '../app.ts';
import { loadConfig } from '../config/config.ts';
import { createSystemClock } from '../simulator/clock.ts';
import { runSimulation } from '../simulator/run.ts';
import { createUdpSender, reachable } from '../simulator/senders.ts';
import { createSimulation, type SimulationSettings } from '../simulator/simulation.ts';
import { CONFIG_OPTION, type CommandIo, createLog } from './command-io.ts';

/** A running Headcount. `udp` is where it listens, `null` if it has no UDP receiver. */
export interface StartedApp {
  readonly udp: { readonly host: string; readonly port: number } | null;
  /** Where the API and the page are, such as `http://127.0.0.1:9999`. */
  readonly apiUrl: string;
  stop(): Promise<void>;
}

export type StartApp = (options: { readonly configPath: string | null }) => Promise<StartedApp>;

const HOUR_MS = 3_600_000;

/** A morning that moves ten times as fast as a real one, so that the curves have a shape. */
const SETTINGS: Omit<SimulationSettings, 'run' | 'utcOffsetMinutes'> = {
  seed: 1,
  startHour: 9,
  spanMs: HOUR_MS,
  rate: 20,
  speed: 10,
  users: 400,
  hosts: 2,
  apps: 12,
  timeoutMs: HOUR_MS / 2,
  isExcluded: () => false,
  layout: 'butler-sos',
  faults: { loss: 0, duplicate: 0, reorder: 0, reorderDelayMs: 0 },
};
const WARM_UP_SESSIONS = 60;

const HELP = `
It listens where the configuration says. Made-up people get into no database: no
sink is used, and the store is one of its own that is deleted at the end.
`;

/** `headcount demo`: Headcount and a simulated site that sends to it, until Ctrl-C. */
export function registerDemo(program: Command, io: CommandIo, start: StartApp): void {
  program
    .command('demo')
    .description('start Headcount with a simulated Qlik Sense site, to look around')
    .option(...CONFIG_OPTION)
    .addHelpText('after', HELP)
    .action(async ({ config = null }: { config?: string | null }) => {
      const app = await start({ configPath: config });
      await runDemo(app, io).finally(() => app.stop());
    });
}

async function runDemo({ udp, apiUrl }: StartedApp, io: CommandIo): Promise<void> {
  if (udp === null) throw new Error('the demo sends UDP, and this configuration has no udp receiver');
  const clock = createSystemClock();
  const now = Math.floor(clock.now());
  const utcOffsetMinutes = -new Date(now).getTimezoneOffset();
  const simulation = createSimulation({ ...SETTINGS, run: `demo-${now}`, utcOffsetMinutes });
  const sender = await createUdpSender(reachable(udp));
  io.stdout(greeting(apiUrl));
  await runSimulation(simulation, sender, clock, {
    durationMs: Number.POSITIVE_INFINITY,
    maxEvents: Number.POSITIVE_INFINITY,
    warmUpSessions: WARM_UP_SESSIONS,
    signal: io.signal,
    onSecond: () => {},
  }).finally(() => sender.close());
}

function greeting(apiUrl: string): string {
  return `
A simulated Qlik Sense site with ${SETTINGS.users} people is sending ${SETTINGS.rate} events a second.

  open  ${apiUrl}/
  curl  ${apiUrl}/api/v1/counts
  curl  '${apiUrl}/api/v1/sessions?active=true&limit=5'
  curl  '${apiUrl}/api/v1/events?limit=5'

Ctrl-C stops both.

`;
}

/** Headcount with a store of its own that is deleted at the end: made-up people never get into the real one. */
export async function startDemoApp(
  options: { readonly configPath: string | null },
  io: CommandIo,
  version: string,
): Promise<StartedApp> {
  const config = loadConfig(options.configPath, io.cwd, io.env);
  const path = mkdtempSync(join(tmpdir(), 'headcount-demo-'));
  const log = createLog({ ...config.log, level: 'warn' }, io);
  const remove = (): void => rmSync(path, { recursive: true, force: true });
  const app = await startApp({
    // Nor into anybody's database; and nobody knows made-up apps.
    config: { ...config, store: { ...config.store, path }, sinks: [], apps: { ...config.apps, qrs: null } },
    log,
    now: Date.now,
    version,
    print: io.print,
    onFailed: () => io.setExitCode(1),
  }).catch((error: unknown) => {
    remove();
    throw error;
  });
  return {
    udp: addressOf(app.listening['udp']),
    apiUrl: app.listening.api,
    stop: async () => {
      await app.stop();
      remove();
    },
  };
}

/** The first of the addresses, written as `address:port` or `[address]:port`. */
function addressOf(listening: readonly string[] | string | undefined): StartedApp['udp'] {
  const [first] = typeof listening === 'string' ? [listening] : (listening ?? []);
  if (first === undefined) return null;
  const colon = first.lastIndexOf(':');
  return { host: first.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(first.slice(colon + 1)) };
}
